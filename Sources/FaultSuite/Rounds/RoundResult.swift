// SPDX-License-Identifier: Apache-2.0

/// What became of a round.
struct RoundResult: Sendable {
    let plan: RoundPlan
    let violations: [Violation]
    let strikes: [NemesisName: Int]
    /// Programs whose every start was accepted.
    let programs: Int
    /// Workflows, children included.
    let workflows: Int
    /// Programs by operator.
    let operators: [Operator: Int]
    /// Recorded calls, and begun attempts of steps.
    let records: Int
    let attempts: Int
    /// Runs of workflows: more than workflows, by as many as were begun again.
    let runs: Int
    /// Executors that were declared dead.
    var takeovers = 0
    /// Worker processes.
    var workers = 0
    /// The most connections of one worker that were seen at any time.
    var mostConnections = 0

    init(plan: RoundPlan, evidence: Evidence, strikes: [NemesisName: Int]) {
        self.plan = plan
        self.violations = Invariants.violations(in: evidence)
        self.strikes = strikes
        self.programs = evidence.scenarios.count
        self.workflows = evidence.workflows.count
        self.records = evidence.records.count { $0.phase == 0 }
        self.attempts = evidence.lines.count { $0.kind == .begin }
        self.runs = evidence.lines.count { $0.kind == .run }
        var operators: [Operator: Int] = [:]
        for scenario in evidence.scenarios.values {
            for used in scenario.operators { operators[used, default: 0] += 1 }
        }
        self.operators = operators
    }
}

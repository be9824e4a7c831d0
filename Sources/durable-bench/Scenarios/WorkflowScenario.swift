// SPDX-License-Identifier: Apache-2.0

/// Whole workflows, from the start to the result.
struct WorkflowScenario: Scenario {
    static let name = "workflows"
    static let words = "one-step and ten-step workflows a second, started directly; one alone, from start to result"

    private let size: BenchSize

    init(size: BenchSize) { self.size = size }

    var cells: [Cell] {
        let seconds = self.size.seconds
        let many = [("one_step", "one-step", 1), ("ten_steps", "ten-step", 10)].map { name, words, steps in
            Cell("\(words) workflows") { server in
                let load = EngineLoad(inFlight: 1_000, steps: steps, seconds: seconds)
                let outcome = try await server.measure { try await load.run(in: $0) }
                let rate = outcome.workflowsPerSecond
                return [Reading("workflows.\(name)", "\(words) workflows, 1,000 at once", rate, .perSecond)]
            }
        }
        return many + [
            Cell("one workflow of one step") { server in
                let load = EngineLoad(inFlight: 1, steps: 1, seconds: seconds)
                let outcome = try await server.measure { try await load.run(in: $0) }
                let each = outcome.seconds / Double(outcome.workflows) * 1_000
                return [Reading("workflows.alone", "one workflow of one step, start to result", each, .milliseconds)]
            }
        ]
    }
}

// SPDX-License-Identifier: Apache-2.0

/// Steps a second by one workflow and by many at once, beside what the same database does without an engine.
struct StepsScenario: Scenario {
    static let name = "steps"
    static let words = "step latency of one workflow, steps a second of 1 to 5,000 at once"
    static let needs: [any Scenario.Type] = [CeilingScenario.self]

    private let size: BenchSize

    init(size: BenchSize) { self.size = size }

    var cells: [Cell] {
        let seconds = self.size.seconds
        let one = Cell("steps, one workflow") { server in
            let load = EngineLoad(inFlight: 1, steps: 200, seconds: seconds)
            let outcome = try await server.measure { try await load.run(in: $0) }
            let latencies = outcome.latencies
            return [
                Reading("steps.1", "steps of one workflow", outcome.workflowsPerSecond * 200, .perSecond),
                Reading("steps.p50", "one step, half of them", latencies.percentile(0.5), .milliseconds),
                Reading("steps.p99", "one step, 99 of 100", latencies.percentile(0.99), .milliseconds),
            ]
        }
        let many = [10, 100, 1_000, 5_000].map { workflows in
            Cell("steps, \(workflows) workflows") { server in
                let load = EngineLoad(inFlight: workflows, steps: 10, seconds: seconds)
                let outcome = try await server.measure { try await load.run(in: $0) }
                let rate = outcome.workflowsPerSecond * 10
                let words = "steps of \(NumberText.number(Double(workflows))) workflows of 10 at once"
                return [Reading("steps.\(workflows)", words, rate, .perSecond)]
            }
        }
        // Workflows so long that their starts and ends, which are measured apart, do not count.
        let long = Cell("steps, 1,000 long workflows") { server in
            let load = EngineLoad(inFlight: 1_000, steps: 100, seconds: seconds)
            let outcome = try await server.measure { try await load.run(in: $0) }
            let cost = outcome.clientSeconds * 1e6 / Double(outcome.workflows * 100)
            let rate = outcome.workflowsPerSecond * 100
            return [
                Reading("steps.long", "steps of 1,000 workflows of 100 at once", rate, .perSecond),
                Reading("client.us_per_step", "processor time of the process for each of these", cost, .microseconds),
            ]
        }
        return [one] + many + [long]
    }

    let ratios = [
        Ratio(
            "ratio.sequential_to_pgbench",
            "steps of one workflow, of pgbench -c 1",
            "steps.1",
            over: "ceilings.commits_1"
        ),
        Ratio(
            "ratio.ten_to_pgbench",
            "steps of 10 workflows, of pgbench -c 32",
            "steps.10",
            over: "ceilings.commits_32"
        ),
        Ratio(
            "ratio.ten_steps_to_bulk",
            "steps of 1,000 workflows of 10, of the bulk insert",
            "steps.1000",
            over: "ceilings.bulk"
        ),
        Ratio(
            "ratio.steps_to_bulk",
            "steps of 1,000 long workflows, of the bulk insert in the writer's form",
            "steps.long",
            over: "ceilings.bulk_select"
        ),
    ]
}

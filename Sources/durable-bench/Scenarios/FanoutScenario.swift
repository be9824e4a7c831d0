// SPDX-License-Identifier: Apache-2.0

import Durable
import Logging
import Synchronization

/// One workflow that runs many children in one call: how fast they end, how often their parent is woken, how many rows that costs it.
struct FanoutScenario: Scenario {
    static let name = "fanout"
    static let words = "children a second of one workflow, how often it is woken, and its rows"

    private let size: BenchSize

    init(size: BenchSize) { self.size = size }

    var cells: [Cell] {
        [
            Cell("fan-out", .once) { server in
                try await server.measure { try await self.measure($0) }
            }
        ]
    }

    private struct Leaf: Workflow {
        static let name = "leaf"

        func run(_ number: Int, in workflow: WorkflowContext) async throws -> Int {
            try await workflow.step("work") { _ in number }
        }
    }

    private struct Root: Workflow {
        static let name = "root"
        let runs: Runs

        func run(_ children: Int, in workflow: WorkflowContext) async throws -> Int {
            self.runs.count.add(1, ordering: .relaxed)
            let results = try await workflow.children(Leaf.self, Array(0..<children))
            return try results.reduce(0) { try $0 + $1.get() }
        }
    }

    private final class Runs: Sendable {
        let count = Atomic(0)
    }

    private func measure(_ database: BenchServer.Database) async throws -> [Reading] {
        var logger = Logger(label: "bench")
        logger.logLevel = .warning
        var options = EngineOptions()
        // Its parent is parked at once: a wake-up is a replay, which can be counted.
        options.hold = .zero
        let runs = Runs()
        let engine = try DurableEngine(
            database: database.configuration,
            workflows: [Root(runs: runs), Leaf()],
            options: options,
            logger: logger
        )
        let service = Task { try await engine.run() }
        defer { service.cancel() }
        try await engine.waitUntilReady()
        let children = self.size.children
        let start = ContinuousClock.now
        let sum = try await engine.start(Root.self, children, id: "root").result()
        let elapsed = (ContinuousClock.now - start) / .seconds(1)
        guard sum == children * (children - 1) / 2 else { throw BenchFailure("the children returned \(sum)") }
        service.cancel()
        _ = await service.result
        let rows = try await database.count("durable.journal WHERE workflow_id = 'root'")
        let wakes = runs.count.load(ordering: .relaxed) - 1
        let number = NumberText.number(Double(children))
        return [
            Reading("fanout.children", "\(number) children of one workflow", Double(children) / elapsed, .perSecond),
            Reading("fanout.wakes", "wake-ups of their parent", Double(wakes), .count),
            Reading("fanout.rows", "rows of their parent in the journal", Double(rows), .count),
        ]
    }
}

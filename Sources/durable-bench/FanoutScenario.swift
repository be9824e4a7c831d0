// SPDX-License-Identifier: Apache-2.0

import Durable
import Foundation
import Libpq
import Logging
import Synchronization
import TemporaryPostgres

/// One workflow that runs many children in one call: how fast they end, how often their parent is woken, how many rows that costs it.
struct FanoutScenario {
    let children: Int

    /// The least that is acceptable.
    private enum Floor {
        static let childrenPerSecond = 1_000.0
        static let wakeUps = 1
        /// Started, one part of results for each mebibyte, ended.
        static let parentRows = 8
    }

    /// What came of it.
    struct Fanout {
        var perSecond: Double
        var wakeUps: Int
        var parentRows: Int
        var children: Int

        var missedFloors: [String] {
            var missed: [String] = []
            if self.perSecond < Floor.childrenPerSecond {
                missed.append("\(Int(self.perSecond)) children/s, not \(Int(Floor.childrenPerSecond))")
            }
            if self.wakeUps > Floor.wakeUps {
                missed.append("the parent was woken \(self.wakeUps) times, not \(Floor.wakeUps)")
            }
            if self.parentRows > Floor.parentRows {
                missed.append("the parent has \(self.parentRows) rows in the journal, not \(Floor.parentRows) at most")
            }
            return missed
        }

        var json: String {
            """
            {"children_per_second":\(Int(self.perSecond)),"wake_ups":\(self.wakeUps),\
            "parent_rows":\(self.parentRows),"children":\(self.children)}
            """
        }
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

    func run() async throws -> Fanout {
        let server = try await BenchServer.start()
        let fanout = try await server.measure { try await self.measure($0) }
        try await server.postgres.stop()
        return fanout
    }

    private func measure(_ database: BenchServer.Database) async throws -> Fanout {
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
        let start = ContinuousClock.now
        let sum = try await engine.start(Root.self, self.children, id: "root").result()
        let elapsed = ContinuousClock.now - start
        guard sum == self.children * (self.children - 1) / 2 else { throw BenchFailure("the children returned \(sum)") }
        service.cancel()
        _ = await service.result
        let connection = try await PostgresConnection.connect(database.configuration)
        defer { connection.close() }
        let rows = try await connection.query("SELECT count(*) FROM durable.journal WHERE workflow_id = 'root'")
        let count = try rows.first?.decode(0, as: Int.self) ?? 0
        return Fanout(
            perSecond: Double(self.children) / (elapsed / .seconds(1)),
            wakeUps: runs.count.load(ordering: .relaxed) - 1,
            parentRows: count,
            children: self.children
        )
    }
}

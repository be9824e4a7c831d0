// SPDX-License-Identifier: Apache-2.0

import Durable
import Logging

/// Many one-step workflows, enqueued in one call, and then drained by one engine.
struct DrainScenario: Scenario {
    static let name = "drain"
    static let words = "one-step workflows a second, enqueued in one call and drained by one process"

    private let size: BenchSize

    init(size: BenchSize) { self.size = size }

    var cells: [Cell] {
        [Cell("enqueued and drained") { server in try await server.measure { try await self.measure($0) } }]
    }

    private struct OneStep: Workflow {
        static let name = "one-step"

        func run(_ number: Int, in workflow: WorkflowContext) async throws -> Int {
            try await workflow.step("work") { _ in number }
        }
    }

    private func measure(_ database: BenchServer.Database) async throws -> [Reading] {
        var logger = Logger(label: "bench")
        logger.logLevel = .warning
        let client = try DurableClient(database: database.configuration)
        defer { client.shutdown() }
        // Connected, and its statements known.
        _ = try await client.enqueueAll(OneStep.self, [0], ids: ["first"])
        let inputs = Array(1...self.size.enqueued)
        var began = ContinuousClock.now
        let outcomes = try await client.enqueueAll(OneStep.self, inputs, ids: inputs.map { "order-\($0)" })
        let enqueuing = (ContinuousClock.now - began) / .seconds(1)
        guard outcomes.allSatisfy({ $0.result == .started }) else { throw BenchFailure("not all were started") }

        let engine = try DurableEngine(database: database.configuration, workflows: [OneStep()], logger: logger)
        let before = try await ServerMeter.read(database)
        began = .now
        let service = Task { try await engine.run() }
        defer { service.cancel() }
        try await engine.waitUntilReady()
        // Small whatever has ended, and empty at the end.
        while try await database.count("(SELECT FROM durable.live LIMIT 1) AS l") > 0 {
            try await Task.sleep(for: .milliseconds(50))
        }
        let draining = (ContinuousClock.now - began) / .seconds(1)
        // A session reports what it has committed once a second.
        try await Task.sleep(for: .milliseconds(1_200))
        let costs = try await ServerMeter.read(database) - before
        service.cancel()
        _ = await service.result
        let ended = try await database.count("durable.outcome WHERE status = 'succeeded'")
        let count = Double(self.size.enqueued)
        guard ended == self.size.enqueued + 1 else { throw BenchFailure("\(ended) workflows have succeeded") }
        return [
            Reading("drain.enqueued", "one-step workflows, enqueued in one call", count / enqueuing, .perSecond),
            Reading("drain.drained", "the same, drained by one process", count / draining, .perSecond),
            Reading(
                "drain.client_us",
                "processor time of the process for each",
                costs.clientSeconds * 1e6 / count,
                .microseconds
            ),
            Reading(
                "drain.server_us",
                "processor time of the server for each",
                costs.serverSeconds * 1e6 / count,
                .microseconds
            ),
            Reading("drain.wal", "write-ahead log for each, from its claim to its end", costs.walBytes / count, .bytes),
        ]
    }
}

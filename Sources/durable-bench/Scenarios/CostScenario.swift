// SPDX-License-Identifier: Apache-2.0

import Durable
import Logging

/// What one operation costs, whatever the speed of the machine: statements, commits, bytes of the log, processor time, memory.
struct CostScenario: Scenario {
    static let name = "costs"
    static let words = "statements, commits, log, processor time and memory per step and per workflow; an idle engine"

    private let size: BenchSize

    init(size: BenchSize) { self.size = size }

    var cells: [Cell] {
        [
            Cell("cost of workflows") { server in try await self.workflows(on: server) },
            Cell("cost of lone steps") { server in
                let load = EngineLoad(inFlight: 1, steps: 200, seconds: self.size.seconds, isMetered: true)
                return try await self.measure(load, "lone_step", "a lone step", per: 200, on: server).readings
            },
            Cell("cost of transaction steps") { server in
                let load = EngineLoad(
                    kind: .transactions,
                    inFlight: 1,
                    steps: 100,
                    seconds: self.size.seconds,
                    isMetered: true
                )
                return try await self.measure(load, "transaction", "a transaction step", per: 100, on: server).readings
            },
            Cell("memory in flight", .once) { server in
                [try await server.measure { try await self.memory($0) }]
            },
            Cell("idle", .once) { server in
                try await server.measure { try await self.idle($0) }
            },
        ]
    }

    /// One-step and ten-step workflows; the difference is nine steps.
    private func workflows(on server: BenchServer) async throws -> [Reading] {
        let loads = [1, 10].map {
            EngineLoad(inFlight: 1_000, steps: $0, seconds: self.size.seconds, isMetered: true)
        }
        let one = try await self.measure(loads[0], "one_step", "a one-step workflow", per: 1, on: server)
        let ten = try await self.measure(loads[1], "ten_steps", "a ten-step workflow", per: 1, on: server)
        func step(_ part: KeyPath<ServerMeter, Double>) -> Double {
            (ten.each[keyPath: part] - one.each[keyPath: part]) / 9
        }
        return one.readings + ten.readings + [
            Reading("cost.wal_step", "log of a step among many", step(\.walBytes), .bytes),
            Reading(
                "cost.server_step",
                "server's processor time, a step among many",
                step(\.serverSeconds) * 1e6,
                .microseconds
            ),
            Reading(
                "cost.client_step",
                "process's processor time, a step among many",
                step(\.clientSeconds) * 1e6,
                .microseconds
            ),
        ]
    }

    private func measure(
        _ load: EngineLoad,
        _ name: String,
        _ words: String,
        per operations: Int,
        on server: BenchServer
    ) async throws -> (readings: [Reading], each: ServerMeter) {
        let outcome = try await server.measure { database in
            try await database.run("ALTER DATABASE \(database.name) SET pg_stat_statements.track = 'top'")
            return try await load.run(in: database)
        }
        guard let costs = outcome.costs else { throw BenchFailure("\(words) was not metered") }
        let count = Double(outcome.workflows * operations)
        let each = ServerMeter(
            walBytes: costs.walBytes / count,
            commits: costs.commits / count,
            statements: costs.statements / count,
            serverSeconds: costs.serverSeconds / count,
            clientSeconds: costs.clientSeconds / count
        )
        let readings = [
            Reading("cost.wal_\(name)", "log of \(words)", each.walBytes, .bytes),
            Reading("cost.statements_\(name)", "statements of \(words)", each.statements, .count),
            Reading("cost.commits_\(name)", "commits of \(words)", each.commits, .count),
            Reading(
                "cost.server_\(name)",
                "server's processor time, \(words)",
                each.serverSeconds * 1e6,
                .microseconds
            ),
            Reading(
                "cost.client_\(name)",
                "process's processor time, \(words)",
                each.clientSeconds * 1e6,
                .microseconds
            ),
        ]
        return (readings, each)
    }

    /// Memory of a workflow in the middle of a step.
    private func memory(_ database: BenchServer.Database) async throws -> Reading {
        var logger = Logger(label: "bench")
        logger.logLevel = .warning
        let gate = BenchHolder.Gate()
        let engine = try DurableEngine(
            database: database.configuration,
            workflows: [BenchHolder(gate: gate), BenchStepper()],
            logger: logger
        )
        let service = Task { try await engine.run() }
        defer { service.cancel() }
        try await engine.waitUntilReady()
        let count = self.size.inMemory
        // A few before, for what is made once. Not many: the room of those that have ended would be used again.
        for _ in 0..<100 { _ = try await engine.start(BenchStepper.self, 1).result() }
        let before = ProcessMeter.residentBytes()
        try await Self.each(count) { try await engine.start(BenchHolder.self) }
        while gate.waiting < count { try await Task.sleep(for: .milliseconds(10)) }
        let bytes = ProcessMeter.residentBytes() - before
        gate.open()
        while try await database.count("durable.live") > 0 { try await Task.sleep(for: .milliseconds(20)) }
        service.cancel()
        _ = await service.result
        return Reading("cost.in_flight", "memory of one workflow in a step", Double(bytes) / Double(count), .bytes)
    }

    private static func each(_ count: Int, _ body: @escaping @Sendable @concurrent () async throws -> Void) async throws
    {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<count { group.addTask { try await body() } }
            try await group.waitForAll()
        }
    }

    /// An engine with nothing to do, its server included, of one core.
    private func idle(_ database: BenchServer.Database) async throws -> [Reading] {
        let worker = try BenchWorker(database)
        defer { worker.end() }
        _ = try await worker.line("ready")
        try await Task.sleep(for: .seconds(min(3, self.size.idleSeconds)))
        let main = try database.server.mainProcess()
        let before = (
            ProcessMeter.seconds(of: worker.pid, children: false), ProcessMeter.seconds(of: main, children: true)
        )
        try await Task.sleep(for: .seconds(self.size.idleSeconds))
        let process = ProcessMeter.seconds(of: worker.pid, children: false) - before.0
        let server = ProcessMeter.seconds(of: main, children: true) - before.1
        return [
            Reading(
                "cost.idle",
                "an idle engine and its server, of one core",
                (process + server) / self.size.idleSeconds * 100,
                .percent
            ),
            Reading("cost.idle_process", "the engine's part of it", process / self.size.idleSeconds * 100, .percent),
        ]
    }
}

// SPDX-License-Identifier: Apache-2.0

import Durable
import Logging

/// A process is killed and leaves very many workflows behind, each with five recorded steps; another one takes them over.
///
/// A workflow counts as resumed when its next step is recorded.
struct RecoveryScenario: Scenario {
    static let name = "recovery"
    static let words = "100,000 workflows of a killed process: when the first and the last one is resumed"
    private static let recorded = 5

    private let size: BenchSize

    init(size: BenchSize) { self.size = size }

    var cells: [Cell] {
        [
            Cell("recovery", .once) { server in
                try await server.measure { try await self.measure($0) }
            }
        ]
    }

    private func measure(_ database: BenchServer.Database) async throws -> [Reading] {
        let victim = try BenchWorker(database)
        _ = try await victim.line("ready")
        victim.kill()
        try await self.fill(database)
        try await database.run("VACUUM (ANALYZE)")
        try await database.run("CHECKPOINT")
        // As if it had died just now; by the database's clock.
        let leaseEnd = try await database.run(
            """
            UPDATE durable.lease SET expires_at = clock_timestamp() + '\(self.size.pending < 1_000 ? 1 : 6) s',
                                     period = '1 s'
            RETURNING extract(epoch FROM expires_at)
            """
        )
        guard let end = leaseEnd.split(separator: "\n").first.flatMap({ Double($0) }) else {
            throw BenchFailure("the killed process has no lease: \(leaseEnd)")
        }
        var logger = Logger(label: "bench")
        logger.logLevel = .error
        let engine = try DurableEngine(
            database: database.configuration,
            workflows: [BenchStepper(), BenchWaiter(), BenchSleeper()],
            logger: logger
        )
        let service = Task { try await engine.run() }
        defer { service.cancel() }
        try await engine.waitUntilReady()
        while try await database.run("SELECT EXISTS (SELECT FROM durable.live)") == "t" {
            try await Task.sleep(for: .milliseconds(100))
        }
        service.cancel()
        _ = await service.result
        let times = try await database.run(
            """
            SELECT extract(epoch FROM min(at)), extract(epoch FROM max(at)), count(*) FROM durable.journal
            WHERE position = \(Self.recorded)
            """
        ).split(separator: "|").compactMap { Double($0) }
        guard times.count == 3, times[2] == Double(self.size.pending) else {
            throw BenchFailure("\(self.size.pending) were pending; first, last and number of resumed: \(times)")
        }
        let replayed = Double(self.size.pending * Self.recorded) / (times[1] - times[0])
        let number = NumberText.number(Double(self.size.pending))
        return [
            Reading("recovery.first", "end of the lease to the first resumed workflow", times[0] - end, .seconds),
            Reading("recovery.all", "end of the lease to the last of \(number)", times[1] - end, .seconds),
            Reading("recovery.replayed", "replayed steps", replayed, .perSecond),
        ]
    }

    /// Workflows of the only process that was ever registered.
    private func fill(_ database: BenchServer.Database) async throws {
        try await database.run(
            """
            WITH made AS (
                SELECT 'pending-' || lpad(i::text, 12, '0') AS id FROM generate_series(1, \(self.size.pending)) AS i
            ), workflow AS (
                INSERT INTO durable.workflow (id, name, input)
                SELECT id, 'stepper', '\(Self.recorded + 1)' FROM made
            ), journal AS (
                INSERT INTO durable.journal (workflow_id, scope, position, phase, kind, executor, run, name, output)
                SELECT made.id, '', p, 0, 1, e.number, 1, 'step', '\(BenchPayload.json)'
                FROM made CROSS JOIN generate_series(0, \(Self.recorded - 1)) AS p CROSS JOIN durable.executor AS e
            )
            INSERT INTO durable.live (workflow_id, name, state, executor, epoch, run)
            SELECT made.id, 'stepper', 'running', e.number, e.epoch, 1 FROM made CROSS JOIN durable.executor AS e
            """
        )
    }
}

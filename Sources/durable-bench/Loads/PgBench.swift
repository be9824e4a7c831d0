// SPDX-License-Identifier: Apache-2.0

import Foundation
import TemporaryPostgres

/// The single-row ceiling: how many inserts a second clients of `pgbench` commit into the journal.
struct PgBench: Sendable {
    let clients: Int
    let seconds: Double

    func run(in database: BenchServer.Database) async throws -> Double {
        let script = FileManager.default.temporaryDirectory.appendingPathComponent("durable-bench-\(UUID()).sql")
        defer { try? FileManager.default.removeItem(at: script) }
        let text = """
            \\set high random(1, 2000000000)
            \\set low random(1, 2000000000)
            INSERT INTO durable.journal (workflow_id, scope, position, phase, kind, attempt, executor, run, at, name, output) \
            VALUES ('01890a5d-ac96-774b-' || :high || '-' || :low, '', 0, 0, 1, 1, 1, 1, now(), 'step', '\(BenchPayload.json)')
            """
        try Data(text.utf8).write(to: script)
        let duration = max(1, Int(self.seconds.rounded()))
        let output = try await database.server.postgres.run(
            program: "pgbench",
            [
                "-n", "-c", "\(self.clients)", "-j", "\(min(2, self.clients))", "-M", "prepared", "-T", "\(duration)",
                "-f", script.path,
            ],
            database: database.name
        )
        let line = output.split(separator: "\n").first { $0.hasPrefix("tps = ") }
        guard let rate = line?.split(separator: " ").dropFirst(2).first.flatMap({ Double($0) }), rate > 0 else {
            throw BenchFailure("pgbench printed no rate: \(output)")
        }
        guard try await database.journalRows() > 0 else { throw BenchFailure("pgbench left no rows") }
        return rate
    }
}

// SPDX-License-Identifier: Apache-2.0

import Foundation
import TemporaryPostgres

/// What a database and its server have done so far.
struct ServerMeter: Sendable {
    /// Bytes of the write-ahead log.
    var walBytes: Double
    /// Transactions that committed in this database.
    var commits: Double
    /// Statements that ran in this database.
    var statements: Double
    /// Processor seconds of all processes of the server.
    var serverSeconds: Double
    /// Processor seconds of this process.
    var clientSeconds: Double

    static func read(_ database: BenchServer.Database) async throws -> ServerMeter {
        let client = ProcessMeter.ownSeconds()
        let server = database.server
        let seconds = ProcessMeter.seconds(of: try server.mainProcess(), children: true)
        let statements =
            server.countsStatements
            ? "(SELECT coalesce(sum(s.calls), 0) FROM pg_stat_statements AS s WHERE s.dbid = d.datid AND s.toplevel)"
            : "0"
        let text = try await server.postgres.administer(
            """
            SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0'), d.xact_commit,
                   \(statements)
            FROM pg_stat_database AS d WHERE d.datname = current_database()
            """,
            database: database.name
        )
        let numbers = text.trimmingCharacters(in: .whitespacesAndNewlines).split(separator: "|").compactMap {
            Double($0)
        }
        guard numbers.count == 3 else { throw BenchFailure("the server's counters are \(text)") }
        return ServerMeter(
            walBytes: numbers[0],
            commits: numbers[1],
            statements: numbers[2],
            serverSeconds: seconds,
            clientSeconds: client
        )
    }

    static func - (after: ServerMeter, before: ServerMeter) -> ServerMeter {
        ServerMeter(
            walBytes: after.walBytes - before.walBytes,
            commits: after.commits - before.commits,
            statements: after.statements - before.statements,
            serverSeconds: after.serverSeconds - before.serverSeconds,
            clientSeconds: after.clientSeconds - before.clientSeconds
        )
    }
}

// SPDX-License-Identifier: Apache-2.0

import Libpq
import Synchronization
import TemporaryPostgres

/// This process, as far as a server that it shares with others is concerned: it names its databases after itself, holds a
/// session for as long as it lives, and drops the databases of test runs whose session is gone.
///
/// A private server needs none of this: it ends with the process, whatever ends that.
final class TestRun: Sendable {
    static let shared = TestRun()

    private let token = String(UInt64.random(in: 0 ... .max), radix: 36)
    private let session = Mutex<Task<PostgresConnection, any Error>?>(nil)

    /// A new name for a database; with the first one, the databases of dead test runs are dropped.
    func databaseName(on server: TemporaryPostgres) async throws -> String {
        if server.folder == nil {
            let session = self.session.withLock { session in
                if let session { return session }
                let task = Task { try await self.begin(on: server) }
                session = task
                return task
            }
            _ = try await session.value
        }
        return "test_\(self.token)_\(String(UInt64.random(in: 0 ... .max), radix: 36))"
    }

    private static let prefix = "durable-testing "

    private func begin(on server: TemporaryPostgres) async throws -> PostgresConnection {
        var configuration = PostgresConfiguration.patient(server.connectionString())
        configuration.settings["application_name"] = Self.prefix + self.token
        let connection = try await PostgresConnection.connect(configuration)
        let left = try await connection.query(
            """
            SELECT d.datname FROM pg_database AS d
            WHERE d.datname ~ '^test_[0-9a-z]+_[0-9a-z]+$' AND NOT EXISTS (
                SELECT FROM pg_stat_activity AS a
                WHERE a.application_name = \(Self.prefix) || split_part(d.datname, '_', 2))
            """
        )
        for row in left {
            let name = try row.decode(0, as: String.self)
            try await connection.execute("DROP DATABASE IF EXISTS \(identifier: name) WITH (FORCE)")
        }
        return connection
    }
}

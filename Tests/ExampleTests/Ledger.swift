// SPDX-License-Identifier: Apache-2.0

import DurableTesting
import Libpq
import Synchronization

/// What the outside world has seen of an example, in order.
final class Ledger: Sendable {
    private let entries = Mutex<[String]>([])

    func note(_ entry: String) { self.entries.withLock { $0.append(entry) } }

    var all: [String] { self.entries.withLock { $0 } }
}

extension TestDatabase {
    /// Runs statements of the example's own.
    func execute(_ statements: String...) async throws {
        let connection = try await PostgresConnection.connect(self.configuration)
        defer { connection.close() }
        for statement in statements { try await connection.execute(Query("\(unescaped: statement)")) }
    }

    /// The only number that a query returns.
    func number(_ query: String) async throws -> Int64 {
        let connection = try await PostgresConnection.connect(self.configuration)
        defer { connection.close() }
        guard let row = try await connection.query(Query("\(unescaped: query)")).first else { return 0 }
        return try row.decode(0, as: Int64.self)
    }
}

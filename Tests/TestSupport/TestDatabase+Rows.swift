// SPDX-License-Identifier: Apache-2.0

package import DurableTesting
package import Libpq

extension TestDatabase {
    /// The first column of the rows of one statement, as text, in a session of its own.
    @discardableResult
    package func rows(_ sql: String, _ parameters: String...) async throws -> [String] {
        let connection = try await PostgresConnection.connect(self.configuration)
        defer { connection.close() }
        return try await connection.strings(sql, parameters)
    }

    /// The only value of a query, as text; NULL and no row as an empty one.
    @discardableResult
    package func text(_ sql: String, _ parameters: String...) async throws -> String {
        let connection = try await PostgresConnection.connect(self.configuration)
        defer { connection.close() }
        return try await connection.strings(sql, parameters).first ?? ""
    }
}

extension PostgresConnection {
    /// The first column of the rows of one statement, as text; NULL as an empty one.
    package func strings(_ sql: String, _ parameters: [String] = []) async throws -> [String] {
        try await self.query(Query(sql, parameters: parameters.map { Parameter($0) })).map { row in
            try row.isNull(0) ? "" : row.decode(0, as: String.self)
        }
    }
}

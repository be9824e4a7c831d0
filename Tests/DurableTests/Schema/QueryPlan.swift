// SPDX-License-Identifier: Apache-2.0

import Libpq

@testable import Durable

/// How the server would run a statement, under the settings of the engine's sessions.
struct QueryPlan: CustomStringConvertible {
    let lines: [String]

    var description: String { self.lines.joined(separator: "\n") }

    /// Asks for the generic plan: the engine's sessions have no other.
    init(of text: StatementText, on session: PostgresConnection) async throws {
        let types = text.types.map(\.description).joined(separator: ", ")
        let arguments = text.types.map { _ in "NULL" }.joined(separator: ", ")
        let prepare = "PREPARE plan\(types.isEmpty ? "" : " (\(types))") AS \(text.sql)"
        try await session.execute(Query(prepare))
        self.lines = try await session.strings("EXPLAIN EXECUTE plan\(types.isEmpty ? "" : " (\(arguments))")")
        try await session.execute("DEALLOCATE plan")
    }

    /// The scans that read a table, or an index, from end to end.
    ///
    /// Sequential scans are off in the engine's sessions; an index without a condition is the same in other words.
    var wholeScans: [String] {
        self.lines.indices.compactMap { index in
            let line = self.lines[index]
            if line.contains("Seq Scan") { return line }
            guard line.contains("Index Scan") || line.contains("Index Only Scan") else { return nil }
            let details = self.lines[(index + 1)...].prefix { !$0.contains("->") }
            return details.contains { $0.contains("Index Cond") } ? nil : line
        }
    }
}

extension PostgresConnection {
    /// How many rows a statement reads of each table, those of the functions that it calls with them.
    ///
    /// What it writes is rolled back.
    func rowsRead(by sql: String) async throws -> [String: Int] {
        let counts = """
            SELECT relname || ' ' || coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0)
            FROM pg_stat_xact_user_tables WHERE schemaname = 'durable'
            """
        func read() async throws -> [String: Int] {
            let pairs = try await self.strings(counts).map { $0.split(separator: " ") }
            return Dictionary(pairs.map { (String($0[0]), Int($0[1]) ?? 0) }, uniquingKeysWith: { $0 + $1 })
        }
        try await self.execute("BEGIN")
        let before = try await read()
        _ = try await self.query(Query(sql))
        let after = try await read()
        try await self.execute("ROLLBACK")
        return after.reduce(into: [:]) { $0[$1.key] = $1.value - (before[$1.key] ?? 0) }.filter { $0.value > 0 }
    }
}

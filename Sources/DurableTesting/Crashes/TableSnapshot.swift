// SPDX-License-Identifier: Apache-2.0

import Durable
import Libpq

/// What stands in the tables of the service's own, without what differs from run to run: times, and columns that the
/// database fills in by itself.
struct TableSnapshot: Sendable {
    /// The rows of each table as text, sorted.
    let rows: [String: [String]]

    /// - Parameter ignored: Columns that do not count, as `column`, `table.column` or `schema.table.column`.
    init(of configuration: PostgresConfiguration, besides schema: SchemaName, ignoring ignored: Set<String>)
        async throws
    {
        let connection = try await PostgresConnection.connect(configuration)
        defer { connection.close() }
        let listing = try await connection.query(
            """
            SELECT n.nspname, c.relname, a.attname,
                   format_type(a.atttypid, NULL),
                   a.attidentity <> '' OR a.attgenerated <> '' OR coalesce(pg_get_expr(d.adbin, d.adrelid) LIKE '%(%', false)
            FROM pg_class AS c
            JOIN pg_namespace AS n ON n.oid = c.relnamespace
            JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
            LEFT JOIN pg_attrdef AS d ON d.adrelid = c.oid AND d.adnum = a.attnum
            WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition
                AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'durable_testing', \(schema.name))
                AND n.nspname !~ '^pg_'
            ORDER BY n.nspname, c.relname, a.attnum
            """
        )
        var columns: [String: [String]] = [:]
        var names: [String: String] = [:]
        for row in listing {
            let (space, table, column, type, isFilled) = try row.decode((String, String, String, String, Bool).self)
            let key = space == "public" ? table : "\(space).\(table)"
            names[key] = "\(Self.quoted(space)).\(Self.quoted(table))"
            columns[key, default: []] += []
            let isIgnored = [column, "\(table).\(column)", "\(space).\(table).\(column)"].contains {
                ignored.contains($0)
            }
            if isFilled || isIgnored || Self.times.contains(where: { type.hasPrefix($0) }) { continue }
            columns[key, default: []].append(column)
        }
        var rows: [String: [String]] = [:]
        for (key, name) in names {
            let list = (columns[key] ?? []).map { "t.\(Self.quoted($0))" }.joined(separator: ", ")
            let sql = "SELECT (ROW(\(list)))::text AS line FROM \(name) AS t ORDER BY 1"
            rows[key] = try await connection.query(Query(sql)).map { try $0.decode(0, as: String.self) }
        }
        self.rows = rows
    }

    private static let times = ["timestamp", "date", "time"]

    private static func quoted(_ name: String) -> String { "\"" + name.replacing("\"", with: "\"\"") + "\"" }

    /// How another snapshot differs, in words.
    func differences(to other: TableSnapshot) -> [String] {
        Set(self.rows.keys).union(other.rows.keys).sorted().compactMap { table in
            let (mine, others) = (self.rows[table] ?? [], other.rows[table] ?? [])
            guard mine != others else { return nil }
            return """
                table \(table): \(mine.count) rows without a crash, \(others.count) after it; \
                \(Multiset(others).words(comparedWith: Multiset(mine)))
                """
        }
    }
}

// SPDX-License-Identifier: Apache-2.0

/// The name of the database schema that holds the engine's tables, checked once and quoted for SQL.
public struct SchemaName: Hashable, Sendable, CustomStringConvertible {
    /// The schema's name as the user gave it.
    public let name: String
    /// The name as an SQL identifier, always quoted.
    public var quoted: String {
        let parts = self.name.split(separator: "\"", omittingEmptySubsequences: false)
        return "\"\(parts.joined(separator: "\"\""))\""
    }
    /// The same as `name`.
    public var description: String { self.name }

    /// `durable`, the default.
    public static let durable = SchemaName(unchecked: "durable")

    /// Checks a name.
    ///
    /// - Throws: `DurableError` with code `invalidConfiguration` if the name is empty, longer than 63 bytes, holds U+0000, or
    ///   begins with `pg_` (which Postgres keeps for itself).
    public init(_ name: String) throws {
        let problem: String? =
            if name.isEmpty {
                "is empty"
            } else if name.utf8.count > 63 {
                "has \(name.utf8.count) bytes; Postgres allows 63"
            } else if name.utf8.contains(0) {
                "holds U+0000"
            } else if name.hasPrefix("pg_") {
                "begins with pg_, which Postgres keeps for itself"
            } else {
                nil
            }
        if let problem {
            throw DurableError(.invalidConfiguration, "The schema name \"\(name)\" \(problem).")
        }
        self.init(unchecked: name)
    }

    private init(unchecked name: String) {
        self.name = name
    }
}

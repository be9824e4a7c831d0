// SPDX-License-Identifier: Apache-2.0

/// A connection of any Postgres library, with a transaction open on it.
///
/// It is all that the engine needs to put a step's checkpoint into the same transaction as a service's own rows: run one
/// statement with text parameters, and return its rows as text.
///
/// ```swift
/// extension MyConnection: TransactionConnection {
///     func run(_ sql: String, _ parameters: [String?]) async throws -> [[String?]] {
///         try await self.rows(of: sql, binding: parameters)
///     }
/// }
/// ```
public protocol TransactionConnection {
    /// Runs one statement in the open transaction.
    ///
    /// - Parameters:
    ///   - sql: One statement; its parameters are `$1`, `$2` and so on, each of the type `text`.
    ///   - parameters: Their values; nil is NULL.
    /// - Returns: The rows, each value in Postgres' text format; nil is NULL.
    /// - Throws: Whatever the library throws when the server refuses the statement.
    func run(_ sql: String, _ parameters: [String?]) async throws -> [[String?]]
}

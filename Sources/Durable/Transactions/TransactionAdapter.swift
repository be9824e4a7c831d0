// SPDX-License-Identifier: Apache-2.0

/// Opens transactions of any Postgres library, for transaction steps.
///
/// ```swift
/// struct MyAdapter: TransactionAdapter {
///     let pool: MyPool
///
///     func withTransaction<Value: Sendable>(
///         _ body: @Sendable (MyConnection) async throws -> Value
///     ) async throws -> Value {
///         try await self.pool.transaction { connection in try await body(connection) }
///     }
/// }
///
/// let reservation = try await workflow.transaction("reserve", on: MyAdapter(pool: pool)) { connection in … }
/// ```
public protocol TransactionAdapter<Connection>: Sendable {
    /// The library's connection.
    associatedtype Connection: TransactionConnection

    /// Begins a transaction, runs the body, commits when it returns, and rolls back when it throws.
    ///
    /// The body is run once per call. The transaction may have any isolation level, and must be able to write. When COMMIT
    /// fails, or is answered by anything else than success, this throws; the engine then asks the journal what became of it.
    func withTransaction<Value: Sendable>(
        _ body: @Sendable (Connection) async throws -> Value
    ) async throws -> Value

    /// Whether an error that `withTransaction` threw says nothing about the body: a lost connection, a serialization failure.
    /// Then the step is repeated, and that is no attempt. By default no error is.
    func isTransient(_ error: any Error) -> Bool
}

extension TransactionAdapter {
    /// No error is.
    public func isTransient(_ error: any Error) -> Bool { false }
}

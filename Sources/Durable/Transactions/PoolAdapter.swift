// SPDX-License-Identifier: Apache-2.0

public import Libpq

/// Transaction steps on a pool of the service's own: its roles, its settings, its limits.
///
/// ```swift
/// try await workflow.transaction("reserve", on: PoolAdapter(pool)) { transaction in
///     try await transaction.execute("INSERT INTO reservation (order_id) VALUES (\(order.id))")
/// }
/// ```
public struct PoolAdapter: TransactionAdapter {
    private let pool: PostgresPool
    private let isolation: PostgresIsolation

    /// Opens transactions on a pool.
    public init(_ pool: PostgresPool, isolation: PostgresIsolation = .readCommitted) {
        self.pool = pool
        self.isolation = isolation
    }

    /// Runs the body in a transaction of the pool.
    public func withTransaction<Value: Sendable>(
        _ body: @Sendable (PostgresTransaction) async throws -> Value
    ) async throws -> Value {
        // Repeating is the engine's affair: it asks the journal first.
        try await self.pool.withTransaction(isolation: self.isolation, retries: 0) { try await body($0) }
    }

    /// A lost connection, a serialization failure or a deadlock.
    public func isTransient(_ error: any Error) -> Bool {
        // What the engine's own calls have put into their words, too.
        let cause = error as? PostgresError ?? (error as? DurableError)?.underlying as? PostgresError
        return cause?.isPassing ?? false
    }
}

extension PostgresTransaction: TransactionConnection {
    /// Runs one statement with text parameters; the columns that it returns must be texts.
    public func run(_ sql: String, _ parameters: [String?]) async throws -> [[String?]] {
        let query = Query(sql, parameters: parameters.map { $0.map { Parameter(text: $0) } ?? .null(.text) })
        return try await self.query(query).map { row in
            try (0..<row.count).map { try row.decode($0, as: String?.self) }
        }
    }
}

// SPDX-License-Identifier: Apache-2.0

public import Libpq

/// Transaction steps on a `PGconn` that the service owns.
///
/// ```swift
/// let adapter = BorrowedConnectionAdapter(BorrowedConnection(unsafe: connection))
/// try await workflow.transaction("reserve", on: adapter) { connection in
///     try await connection.run("INSERT INTO reservation (order_id) VALUES ($1)", [order.id])
/// }
/// ```
public struct BorrowedConnectionAdapter: TransactionAdapter {
    private let connection: BorrowedConnection

    /// Opens transactions on a connection, one at a time.
    public init(_ connection: BorrowedConnection) {
        self.connection = connection
    }

    /// Runs the body between BEGIN and COMMIT.
    public func withTransaction<Value: Sendable>(
        _ body: @Sendable (BorrowedConnection) async throws -> Value
    ) async throws -> Value {
        try await self.connection.exclusively {
            _ = try await self.connection.command("BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE")
            let value: Value
            do {
                value = try await body(self.connection)
            } catch {
                // A rollback that fails leaves a session that is gone, which has rolled back as well.
                _ = try? await self.connection.command("ROLLBACK")
                throw error
            }
            let tag = try await self.connection.command("COMMIT")
            guard tag == "COMMIT" else {
                throw DurableError(
                    .transactionMisuse,
                    "a statement of the transaction had failed and the body went on; nothing of it was committed"
                )
            }
            return value
        }
    }
}

extension BorrowedConnection: TransactionConnection {}

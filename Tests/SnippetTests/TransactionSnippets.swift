// SPDX-License-Identifier: Apache-2.0

import Durable

extension MyConnection: TransactionConnection {
    func run(_ sql: String, _ parameters: [String?]) async throws -> [[String?]] {
        try await self.rows(of: sql, binding: parameters)
    }
}

struct MyAdapter: TransactionAdapter {
    let pool: MyPool

    func withTransaction<Value: Sendable>(
        _ body: @Sendable (MyConnection) async throws -> Value
    ) async throws -> Value {
        try await self.pool.transaction { connection in try await body(connection) }
    }

    func isTransient(_ error: any Error) -> Bool { error is MyConnectionLost }
}

struct ReserveOnOwnLibrary: Workflow {
    let adapter: MyAdapter

    func run(_ order: Order, in workflow: WorkflowContext) async throws -> Nothing {
        try await workflow.transaction("reserve", on: self.adapter) { connection in
            _ = try await connection.run("INSERT INTO reservation (order_id) VALUES ($1)", [order.id])
        }
        return Nothing()
    }
}

struct Stock: Workflow {
    struct SoldOut: Error {}

    func run(_ order: Order, in workflow: WorkflowContext) async throws -> Int {
        let left = try await workflow.transaction("take", isolation: .serializable) { transaction in
            let rows = try await transaction.query(
                "UPDATE stock SET left_over = left_over - 1 WHERE sku = \(order.sku) RETURNING left_over"
            )
            guard let row = rows.first else { throw SoldOut() }
            return try row.decode("left_over", as: Int.self)
        }
        return left
    }
}

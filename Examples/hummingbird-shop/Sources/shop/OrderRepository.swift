// SPDX-License-Identifier: Apache-2.0

import Durable

/// Reads and writes orders through the service's own pool.
struct OrderRepository: Sendable {
    let pool: PostgresPool

    func insert(_ order: Order) async throws {
        try await self.pool.execute(
            """
            INSERT INTO orders (id, sku, quantity) VALUES (\(order.id), \(order.sku), \(order.quantity))
            ON CONFLICT (id) DO NOTHING
            """
        )
    }

    func state(of id: String) async throws -> String? {
        try await self.pool.query("SELECT state FROM orders WHERE id = \(id)").first?.decode(0, as: String.self)
    }
}

// SPDX-License-Identifier: Apache-2.0

import Durable

/// The service's own tables, in the same database as the workflows.
enum Tables {
    static func create(in pool: PostgresPool) async throws {
        try await pool.execute(
            """
            CREATE TABLE IF NOT EXISTS orders (
                id text PRIMARY KEY,
                sku text NOT NULL,
                quantity integer NOT NULL,
                total_in_cents integer NOT NULL,
                state text NOT NULL DEFAULT 'open',
                charge text
            )
            """
        )
        // No primary key on the order: a reservation that was made twice would be seen.
        try await pool.execute(
            """
            CREATE TABLE IF NOT EXISTS reservation (
                id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
                order_id text NOT NULL REFERENCES orders,
                sku text NOT NULL,
                quantity integer NOT NULL
            )
            """
        )
    }

    static func insert(_ order: Order, in pool: PostgresPool) async throws {
        try await pool.execute(
            """
            INSERT INTO orders (id, sku, quantity, total_in_cents)
            VALUES (\(order.id), \(order.sku), \(order.quantity), \(order.totalInCents))
            ON CONFLICT (id) DO NOTHING
            """
        )
    }
}

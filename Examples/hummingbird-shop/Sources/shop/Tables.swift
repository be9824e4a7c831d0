// SPDX-License-Identifier: Apache-2.0

import Durable

/// The service's own tables, in the same database as the workflows.
enum Tables {
    /// Made in order, each once; every process may try at the same time.
    private static let migrations: [Query] = [
        """
        CREATE TABLE orders (
            id text PRIMARY KEY, sku text NOT NULL, quantity integer NOT NULL, state text NOT NULL DEFAULT 'open'
        )
        """,
        // No key on the order: a reservation that was made twice would be seen.
        "CREATE TABLE reservation (order_id text NOT NULL REFERENCES orders, sku text NOT NULL, quantity integer NOT NULL)",
    ]

    static func migrate(_ pool: PostgresPool) async throws {
        try await pool.withConnection { connection in
            try await connection.execute("SELECT pg_advisory_lock(7457)")
            do {
                try await connection.execute("CREATE TABLE IF NOT EXISTS shop_migration (number integer PRIMARY KEY)")
                let row = try await connection.query("SELECT coalesce(max(number), 0) FROM shop_migration").first
                let done = try row?.decode(0, as: Int.self) ?? 0
                for (number, migration) in self.migrations.enumerated().dropFirst(done) {
                    try await connection.execute(migration)
                    try await connection.execute("INSERT INTO shop_migration VALUES (\(number + 1))")
                }
            } catch {
                try await connection.execute("SELECT pg_advisory_unlock(7457)")
                throw error
            }
            try await connection.execute("SELECT pg_advisory_unlock(7457)")
        }
    }
}

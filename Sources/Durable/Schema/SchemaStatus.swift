// SPDX-License-Identifier: Apache-2.0

package import Libpq

/// What one look at the database says about the schema and about what this role may do.
package struct SchemaStatus: Sendable {
    package let encoding: String
    /// As in `server_version_num`: 150004 for 15.4.
    package let serverVersion: Int
    package let database: String
    package let role: String
    package let exists: Bool
    package let mayUse: Bool
    package let hasMigrations: Bool
    package let mayRead: Bool
    package let mayCreate: Bool

    /// Reads the catalog, without touching anything that this role may not see.
    package static func read(
        of schema: SchemaName,
        on connection: PostgresConnection
    ) async throws(PostgresError) -> SchemaStatus {
        let rows = try await connection.query(
            """
            SELECT pg_catalog.current_setting('server_encoding'),
                pg_catalog.current_setting('server_version_num')::bigint, pg_catalog.current_database()::text, current_user::text,
                n.oid IS NOT NULL,
                coalesce(pg_catalog.has_schema_privilege(n.oid, 'USAGE'), false),
                c.oid IS NOT NULL,
                coalesce(pg_catalog.has_table_privilege(c.oid, 'SELECT'), false),
                coalesce(pg_catalog.has_schema_privilege(n.oid, 'CREATE'),
                    pg_catalog.has_database_privilege(pg_catalog.current_database(), 'CREATE'))
            FROM (VALUES (1)) AS one
            LEFT JOIN pg_catalog.pg_namespace n ON n.nspname = \(schema.name)
            LEFT JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND c.relname = 'migration'
            """
        )
        guard let row = rows.first else { throw PostgresError(.protocolViolation, "a query without FROM gave no row") }
        return try SchemaStatus(
            encoding: row.decode(0),
            serverVersion: row.decode(1),
            database: row.decode(2),
            role: row.decode(3),
            exists: row.decode(4),
            mayUse: row.decode(5),
            hasMigrations: row.decode(6),
            mayRead: row.decode(7),
            mayCreate: row.decode(8)
        )
    }

    /// Refuses a server or a database that cannot hold the schema at all.
    package func checkServer() throws(DurableError) {
        guard self.serverVersion >= 140_000 else {
            throw DurableError(
                .invalidConfiguration,
                """
                database "\(self.database)" is on Postgres \(self.serverVersion / 10_000).\(self.serverVersion % 10_000), and \
                swift-durable needs Postgres 14 or newer
                """
            )
        }
        guard self.encoding == "UTF8" else {
            throw DurableError(
                .invalidConfiguration,
                """
                database "\(self.database)" stores text as \(self.encoding), which cannot hold every text that \
                workflows record: create the database with ENCODING 'UTF8'
                """
            )
        }
    }
}

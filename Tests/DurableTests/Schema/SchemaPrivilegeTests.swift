// SPDX-License-Identifier: Apache-2.0

import DurableTesting
import Libpq
import TemporaryPostgres
import Testing

@testable import Durable

/// Roles belong to the cluster: each test makes its own, with a name of its own, and drops it.
@Suite struct SchemaPrivilegeTests {
    @Test func `a role with durable_runtime boots and writes, and may not change tables`() async throws {
        try await withTestDatabase { database in
            try await withRole(database, "GRANT durable_runtime TO") { configuration in
                let report = try await SchemaMigrator().prepare(configuration)
                #expect(report.applied.isEmpty)
                try await SchemaMigrator(mode: .verify).prepare(configuration)

                let connection = try await PostgresConnection.connect(configuration)
                defer { connection.close() }
                try await connection.run(Pipeline(Self.kernelStatements.map { Statement(Query($0)) }))
                await connection.expectForbidden([
                    "CREATE TABLE durable.x (a int)", "ALTER TABLE durable.live ADD COLUMN a int",
                    "DROP VIEW durable.steps",
                    "DELETE FROM durable.journal", "UPDATE durable.journal SET name = ''",
                    "DELETE FROM durable.outcome",
                    "UPDATE durable.workflow SET name = ''", "DELETE FROM durable.migration", "TRUNCATE durable.live",
                ])
            }
        }
    }

    @Test func `a reader sees the views without payloads, an operator the payloads as well, and neither a table`()
        async throws
    {
        try await withTestDatabase { database in
            try await withRole(database, "GRANT durable_reader TO") { configuration in
                let connection = try await PostgresConnection.connect(configuration)
                defer { connection.close() }
                for view in ["workflows", "steps", "executors", "migration"] {
                    try await connection.execute("SELECT * FROM durable.\(unescaped: view)")
                }
                let hidden = ["payloads", "workflow", "journal", "outcome", "live", "executor", "lease"]
                await connection.expectForbidden(hidden.map { "SELECT * FROM durable.\($0)" })
            }
            try await withRole(database, "GRANT durable_operator TO") { configuration in
                let connection = try await PostgresConnection.connect(configuration)
                defer { connection.close() }
                for view in ["workflows", "steps", "executors", "payloads"] {
                    try await connection.execute("SELECT * FROM durable.\(unescaped: view)")
                }
                await connection.expectForbidden(["SELECT * FROM durable.journal"])
            }
        }
    }

    @Test func `a role without any grant is told which grant it needs`() async throws {
        try await withTestDatabase { database in
            try await withRole(database, nil) { configuration in
                let error = await #expect(throws: DurableError.self) {
                    try await SchemaMigrator().prepare(configuration)
                }
                #expect(error?.code == .schemaMismatch)
                let message = error?.message ?? ""
                #expect(
                    message.contains(
                        "may not use schema \"durable\" of database \"\(database.name)\": GRANT durable_runtime"
                    )
                )
            }
            try await withRole(database, "GRANT USAGE ON SCHEMA durable TO") { configuration in
                let error = await #expect(throws: DurableError.self) {
                    try await SchemaMigrator().prepare(configuration)
                }
                #expect(error?.message.contains("may not read the table migration") == true)
            }
        }
    }

    @Test func `a role that may not create the schema is told what is missing, and nothing changes`() async throws {
        try await withEmptyDatabase { database in
            try await withRole(database, nil) { configuration in
                let error = await #expect(throws: DurableError.self) {
                    try await SchemaMigrator().prepare(configuration)
                }
                #expect(error?.code == .schemaMismatch)
                let message = error?.message ?? ""
                #expect(message.contains("needs migration 1 (kernel)"))
                #expect(message.contains("GRANT CREATE ON DATABASE \"\(database.name)\" TO it"))
            }
        }
    }

    @Test func `an owner without CREATEROLE migrates, in a schema that was made for it`() async throws {
        try await withEmptyDatabase { database in
            try await withRole(database, "CREATE SCHEMA durable AUTHORIZATION") { configuration in
                let report = try await SchemaMigrator().prepare(configuration)
                #expect(report.applied == (try Migration.all()).map(\.version))
                let role = try #require(configuration.connectionString.split(separator: "=").last)
                let owners = try await database.rows(
                    "SELECT DISTINCT relowner::regrole::text FROM pg_class WHERE relnamespace = 'durable'::regnamespace"
                )
                #expect(owners == [String(role)])
            }
        }
    }

    @Test func `on a cluster without our roles, an owner who may not make them migrates, and grants once they exist`()
        async throws
    {
        let server = try await TemporaryPostgres.start()
        try await server.administer("CREATE ROLE owner LOGIN")
        let database = try await server.createDatabase(options: "OWNER owner")
        let connection = PostgresConfiguration(server.connectionString(database: database) + " user=owner")
        try await SchemaMigrator().prepare(connection)
        try await SchemaMigrator(mode: .verify).prepare(connection)
        let made = try await server.administer("SELECT count(*) FROM pg_roles WHERE rolname LIKE 'durable%'")
        #expect(made == "0\n")

        try await server.administer("CREATE ROLE durable_reader; CREATE ROLE durable_runtime")
        let session = try await PostgresConnection.connect(connection)
        try await session.execute("SELECT durable.grant_roles()")
        let may = try await session.strings(
            """
            SELECT concat_ws(' ', has_table_privilege('durable_reader', 'durable.workflows', 'SELECT'),
                has_table_privilege('durable_reader', 'durable.payloads', 'SELECT'),
                has_table_privilege('durable_runtime', 'durable.journal', 'INSERT'))
            """
        )
        #expect(may == ["t f t"])
        session.close()
        try await server.stop()
    }

    @Test func `processes that make the roles of a new cluster at once do not disturb each other`() async throws {
        let server = try await TemporaryPostgres.start()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<4 {
                group.addTask {
                    let database = try await server.createDatabase()
                    try await SchemaMigrator().prepare(
                        PostgresConfiguration(server.connectionString(database: database))
                    )
                }
            }
            try await group.waitForAll()
        }
        let made = try await server.administer("SELECT count(*) FROM pg_roles WHERE rolname LIKE 'durable%'")
        #expect(made == "3\n")
        try await server.stop()
    }

    /// What the engine does with each table.
    private static let kernelStatements = [
        """
        INSERT INTO durable.executor (id, name, host, pid) OVERRIDING USER VALUE
        VALUES (gen_random_uuid(), 'a', 'h', 1)
        """,
        "INSERT INTO durable.lease (executor, expires_at, period) VALUES (1, durable.clock() + '15 s', '15 s')",
        "UPDATE durable.lease SET expires_at = durable.clock() + '15 s', renewed_at = durable.clock() WHERE executor = 1",
        "INSERT INTO durable.workflow (id, name) VALUES ('w', 'checkout')",
        "INSERT INTO durable.live (workflow_id, name, state, executor, epoch, run) VALUES ('w', 'checkout', 'running', 1, 1, 7)",
        "SELECT durable.begin_step(1, 1, durable.incarnation(), 'w', '', 0, 7)",
        "SELECT durable.record_step(1, 'w', '', 0, 7, 'reserve', '{}')",
        "INSERT INTO durable.activity (workflow_id, scope, position, executor, kind, started_at, name) VALUES ('w', '', 1, 1, 1, now(), 'x')",
        "DELETE FROM durable.activity",
        """
        WITH ended AS (DELETE FROM durable.live WHERE workflow_id = 'w' AND run = 7 RETURNING workflow_id, run)
        INSERT INTO durable.outcome (workflow_id, status, run) SELECT workflow_id, 'succeeded', run FROM ended
        """,
        "SELECT durable.fence_strict(1, 1, durable.incarnation())",
        "SELECT durable.take_over(1), durable.terminate_holders(1)",
        "SELECT * FROM durable.workflows, durable.steps, durable.executors, durable.payloads",
    ]
}

/// Makes a role that may log in, with one statement that ends with its name, and drops it with all it owns.
func withRole(
    _ database: TestDatabase,
    _ grant: String?,
    _ body: (PostgresConfiguration) async throws -> Void
) async throws {
    let server = try await TemporaryPostgres.shared()
    let role = "r\(UInt32.random(in: 0 ... .max))"
    try await server.administer("CREATE ROLE \(role) LOGIN", database: database.name)
    if let grant { try await server.administer("\(grant) \(role)", database: database.name) }
    do {
        try await body(database.configuration(role: role))
    } catch {
        _ = try? await server.administer("DROP OWNED BY \(role) CASCADE; DROP ROLE \(role)", database: database.name)
        throw error
    }
    try await server.administer("DROP OWNED BY \(role) CASCADE; DROP ROLE \(role)", database: database.name)
}

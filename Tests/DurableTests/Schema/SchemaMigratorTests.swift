// SPDX-License-Identifier: Apache-2.0

import DurableTesting
import Libpq
import TemporaryPostgres
import Testing

@testable import Durable

@Suite struct SchemaMigratorTests {
    @Test func `an empty database gets every migration, with its checksum, and a second boot changes nothing`()
        async throws
    {
        try await withEmptyDatabase { database in
            let first = try await SchemaMigrator().prepare(database.configuration)
            let versions = try Migration.all().map(\.version)
            #expect(first == .init(version: versions.last ?? 0, applied: versions))
            let second = try await SchemaMigrator().prepare(database.configuration)
            #expect(second == .init(version: versions.last ?? 0, applied: []))
            try await SchemaMigrator(mode: .verify).prepare(database.configuration)

            let rows = try await database.rows(
                "SELECT version || name || oldest_generation || checksum FROM durable.migration"
            )
            let expected = try Migration.all().map { "\($0.version)\($0.name)\($0.oldestGeneration)\($0.checksum)" }
            #expect(rows == expected)
        }
    }

    @Test func `verify says what is missing and what to do, and creates nothing`() async throws {
        try await withEmptyDatabase { database in
            let error = await #expect(throws: DurableError.self) {
                try await SchemaMigrator(mode: .verify).prepare(database.configuration)
            }
            #expect(error?.code == .schemaMismatch)
            let needed = try Migration.all().map { "\($0.version) (\($0.name))" }.joined(separator: ", ")
            #expect(
                error?.message == """
                    schema "durable" of database "\(database.name)" does not exist or is empty, and this process needs \
                    migration \(needed): boot one process with migrate: .onBoot as a role that may create tables, or apply \
                    the files of sql/migrations with psql
                    """
            )
            let schemas = try await database.rows("SELECT nspname FROM pg_namespace WHERE nspname = 'durable'")
            #expect(schemas.isEmpty)
        }
    }

    @Test func `of processes that migrate at once one applies each migration, and the others find it done`()
        async throws
    {
        try await withEmptyDatabase { database in
            let reports = try await withThrowingTaskGroup(of: SchemaMigrator.Report.self) { group in
                for _ in 0..<4 {
                    group.addTask { try await SchemaMigrator().prepare(database.configuration) }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            let versions = try Migration.all().map(\.version)
            #expect(reports.flatMap(\.applied).sorted() == versions)
            #expect(reports.allSatisfy { $0.version == versions.last })
        }
    }

    @Test func `a lock that another migration holds is waited for, then named`() async throws {
        try await withEmptyDatabase { database in
            let other = try await PostgresConnection.connect(database.configuration)
            defer { other.close() }
            try await other.run(
                Pipeline([
                    Statement("BEGIN"), Statement("SELECT pg_advisory_xact_lock(1685418594, hashtext('durable'))"),
                ])
            )
            let migrator = try SchemaMigrator(lockTimeout: .seconds(1))
            let error = await #expect(throws: DurableError.self) { try await migrator.prepare(database.configuration) }
            #expect(error?.code == .schemaMismatch)
            #expect(error?.message.contains("another session has held its lock for 1.0 seconds") == true)
            try await other.execute("ROLLBACK")
            try await migrator.prepare(database.configuration)
        }
    }

    @Test(arguments: ["Mein \"Schema\"", "durable_two", "a$$b", "SCHEMA", "it's"])
    func `a schema of any name works beside the standard one`(name: String) async throws {
        try await withTestDatabase { database in
            let schema = try SchemaName(name)
            try await SchemaMigrator(schema: schema).prepare(database.configuration)
            try await SchemaMigrator(schema: schema, mode: .verify).prepare(database.configuration)

            // The same objects in both, and nothing of the one refers to the other.
            let objects = """
                SELECT c.relname::text || c.relkind::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                WHERE n.nspname = $1 UNION ALL
                SELECT p.proname::text || replace(pg_get_function_arguments(p.oid), quote_ident($1) || '.', '') FROM pg_proc p
                JOIN pg_namespace n ON n.oid = p.pronamespace WHERE n.nspname = $1 ORDER BY 1
                """
            let standard = try await database.rows(objects, "durable")
            #expect(try await database.rows(objects, name) == standard)
            let strangers = """
                SELECT p.proname FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
                WHERE n.nspname = $1 AND p.prosrc ~ '\\mdurable\\.' AND p.prosrc !~ '''durable\\.|EXCEPTION ''durable'
                """
            #expect(try await database.rows(strangers, name).isEmpty)

            let session = try await FenceSession(database, schema: schema)
            try await session.register()
            try await session.fence()
            let executors = schema.rewrite("SELECT number::text FROM durable.executor")
            #expect(try await database.rows(executors) == ["1"])
            #expect(try await database.rows("SELECT number::text FROM durable.executor").isEmpty)
        }
    }

    @Test func `a schema of another name works alone, every function of it`() async throws {
        try await withEmptyDatabase { database in
            let schema = try SchemaName("Mein \"Schema\"")
            try await SchemaMigrator(schema: schema).prepare(database.configuration)
            let session = try await FenceSession(database, schema: schema)
            try await session.register(lease: "-1 s", period: "0")
            for statement in [
                "SELECT durable.fence(1, 1, durable.incarnation())::text",
                "SELECT durable.fence_strict(1, 1, durable.incarnation())::text",
                "INSERT INTO durable.workflow (id, name) VALUES ('w', 'checkout')",
                """
                INSERT INTO durable.live (workflow_id, name, state, executor, epoch, run)
                VALUES ('w', 'checkout', 'running', 1, 1, 7)
                """,
                "SELECT durable.begin_step(1, 1, durable.incarnation(), 'w', '', 0, 7)::text",
                "SELECT durable.record_step(1, 'w', '', 0, 7, 'reserve')::text",
                "SELECT durable.observe_server()::text", "SELECT durable.lease_is_over(1)::text",
                "SELECT durable.terminate_holders(1)::text", "SELECT durable.take_over(1)::text",
                "SELECT durable.grant_roles()::text", "SELECT durable.error_part('{}', 'type')",
                "SELECT id FROM durable.workflows", "SELECT step FROM durable.steps",
                "SELECT name FROM durable.executors", "SELECT part FROM durable.payloads",
            ] { try await session.run(statement) }
            // Of the kernel; the tests of what came later call what came later.
            let functions = """
                SELECT count(DISTINCT proname)::text FROM pg_proc WHERE pronamespace = $1::regnamespace
                AND proname IN ('fence', 'fence_strict', 'begin_step', 'record_step', 'observe_server', 'lease_is_over',
                    'terminate_holders', 'take_over', 'grant_roles', 'error_part', 'incarnation', 'clock')
                """
            #expect(try await database.rows(functions, schema.quoted) == ["12"])
        }
    }

    @Test func `psql runs the same file, twice is refused without harm, and the library accepts its work`() async throws
    {
        try await withEmptyDatabase { database in
            let server = try await TemporaryPostgres.shared()
            let migrations = try Migration.all()
            let files = migrations.map { migration in
                let number = String(migration.version)
                let zeros = String(repeating: "0", count: 4 - number.count)
                return migrationFile("\(zeros)\(number)_\(migration.name).sql")
            }
            for file in files { try await server.run(file: file, database: database.name) }
            #expect(
                try await database.rows("SELECT checksum FROM durable.migration WHERE checksum IS NOT NULL").isEmpty
            )
            for file in files {
                await #expect(throws: TemporaryPostgresError.self) {
                    try await server.run(file: file, database: database.name)
                }
            }
            let report = try await SchemaMigrator(mode: .verify).prepare(database.configuration)
            #expect(report == .init(version: migrations.count, applied: []))
        }
    }

    @Test func `a failed migration leaves nothing behind and says what failed`() async throws {
        try await withTestDatabase { database in
            let broken = try Migration(
                file: "9999_broken.sql",
                sql: "-- oldest code generation: 1\nCREATE TABLE durable.extra (a int);\nSELECT 1 / 0;\n"
            )
            let migrator = SchemaMigrator(migrations: try Migration.all() + [broken])
            let error = await #expect(throws: DurableError.self) { try await migrator.prepare(database.configuration) }
            #expect(error?.message.contains("migration 9999 (broken)") == true)
            #expect(error?.message.contains("division by zero") == true)
            #expect(try await database.rows("SELECT relname FROM pg_class WHERE relname = 'extra'").isEmpty)
            try await SchemaMigrator().prepare(database.configuration)
        }
    }

    @Test func `newer schemas, changed files and old servers are judged by what the database says`() async throws {
        try await withTestDatabase { database in
            let session = try await FenceSession(database)
            try await session.run(
                "INSERT INTO durable.migration VALUES (9998, 'expand', \(CodeGeneration.current), 'x')"
            )
            #expect(try await SchemaMigrator().prepare(database.configuration) == .init(version: 9998, applied: []))
            try await session.run(
                "INSERT INTO durable.migration VALUES (9999, 'contract', \(CodeGeneration.current + 1), 'x')"
            )
            let newer = await #expect(throws: DurableError.self) {
                try await SchemaMigrator(mode: .verify).prepare(database.configuration)
            }
            #expect(newer?.message.contains("has migration 9999 (contract), which only code of generation") == true)
            try await session.run("DELETE FROM durable.migration WHERE version > 9000")
            try await session.run("UPDATE durable.migration SET checksum = 'changed'")
            let changed = await #expect(throws: DurableError.self) {
                try await SchemaMigrator().prepare(database.configuration)
            }
            #expect(changed?.code == .schemaMismatch)
            #expect(changed?.message.contains("with checksum changed") == true)
        }
        let old = SchemaStatus(
            encoding: "UTF8",
            serverVersion: 130_021,
            database: "shop",
            role: "shop",
            exists: false,
            mayUse: false,
            hasMigrations: false,
            mayRead: false,
            mayCreate: true
        )
        let error = #expect(throws: DurableError.self) { try old.checkServer() }
        #expect(error?.code == .invalidConfiguration)
        #expect(
            error?.message == "database \"shop\" is on Postgres 13.21, and swift-durable needs Postgres 14 or newer"
        )
    }

    @Test func `a migration that does not record itself is refused`() async throws {
        try await withTestDatabase { database in
            let silent = try Migration(file: "9999_silent.sql", sql: "-- oldest code generation: 1\nSELECT 1;\n")
            let migrator = SchemaMigrator(migrations: try Migration.all() + [silent])
            let error = await #expect(throws: DurableError.self) { try await migrator.prepare(database.configuration) }
            #expect(error?.message.contains("does not end with its row") == true)
        }
    }
}

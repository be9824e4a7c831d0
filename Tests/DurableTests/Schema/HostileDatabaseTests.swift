// SPDX-License-Identifier: Apache-2.0

import DurableTesting
import Libpq
import TemporaryPostgres
import Testing

@testable import Durable

@Suite struct HostileDatabaseTests {
    @Test(arguments: ["search_path = ''", "search_path = 'mine', 'pg_catalog'"])
    func `migrations do not depend on what the database prescribes`(setting: String) async throws {
        try await withEmptyDatabase { database in
            let server = try await TemporaryPostgres.shared()
            // A schema that would capture unqualified names, if there were any.
            try await server.administer(
                "CREATE SCHEMA mine; CREATE FUNCTION mine.clock_timestamp() RETURNS timestamptz LANGUAGE sql AS 'SELECT NULL::timestamptz'",
                database: database.name
            )
            let settings =
                [
                    "default_transaction_isolation = 'serializable'", "default_transaction_read_only = on",
                    "statement_timeout = '1s'", "lock_timeout = '1ms'", "idle_in_transaction_session_timeout = '1s'",
                    "\"DateStyle\" = 'German'", "\"TimeZone\" = 'Asia/Kathmandu'", "\"IntervalStyle\" = 'sql_standard'",
                    "synchronous_commit = off", "standard_conforming_strings = off", "check_function_bodies = off",
                    "client_min_messages = error", "row_security = off", "extra_float_digits = 0",
                    "bytea_output = escape", "transform_null_equals = on", "backslash_quote = off",
                ] + [setting]
            let alterations = settings.map { "ALTER DATABASE \"\(database.name)\" SET \($0);" }.joined()
            try await server.administer(alterations)
            let report = try await SchemaMigrator().prepare(database.configuration)
            #expect(report.applied == (try Migration.all()).map(\.version))
            try await SchemaMigrator(mode: .verify).prepare(database.configuration)
        }
    }

    @Test func `the fence, the clock and the takeover work under hostile defaults`() async throws {
        try await withTestDatabase { database in
            let server = try await TemporaryPostgres.shared()
            for setting in [
                "search_path = ''", "\"DateStyle\" = 'German'", "\"TimeZone\" = 'Asia/Kathmandu'",
                "\"IntervalStyle\" = 'sql_standard'", "synchronous_commit = off",
            ] {
                try await server.administer("ALTER DATABASE \"\(database.name)\" SET \(setting)")
            }
            let session = try await FenceSession(database)
            let number = try await session.register()
            try await session.run("BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE")
            try await session.fence(number)
            #expect(try await session.run("SHOW synchronous_commit") == "on")
            try await session.run("COMMIT")
            try await session.run("SET durable.clock_shift = '1 hour'")
            let shifted = try await session.run("SELECT (durable.clock() - clock_timestamp() > '59 min')::text")
            #expect(shifted == "true")
            #expect(try await session.run("SELECT durable.take_over(\(number))::text") == "true")
        }
    }

    @Test func `a database where nobody may create in public is enough`() async throws {
        try await withEmptyDatabase { database in
            let server = try await TemporaryPostgres.shared()
            try await server.administer(
                "REVOKE ALL ON SCHEMA public FROM PUBLIC; DROP SCHEMA public",
                database: database.name
            )
            try await SchemaMigrator().prepare(database.configuration)
        }
    }

    @Test(arguments: ["LATIN1", "SQL_ASCII"])
    func `an encoding other than UTF-8 is refused with the reason, and nothing changes`(encoding: String) async throws {
        try await withEmptyDatabase(options: "ENCODING '\(encoding)' TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'") {
            database in
            for mode in MigrationMode.allCases {
                let error = await #expect(throws: DurableError.self) {
                    try await SchemaMigrator(mode: mode).prepare(database.configuration)
                }
                #expect(error?.code == .invalidConfiguration)
                #expect(
                    error?.message == """
                        database "\(database.name)" stores text as \(encoding), which cannot hold every text that workflows \
                        record: create the database with ENCODING 'UTF8'
                        """
                )
            }
            let schemas = try await database.rows("SELECT nspname::text FROM pg_namespace WHERE nspname = 'durable'")
            #expect(schemas.isEmpty)
        }
    }

    @Test func `a database that cannot be reached is named with the reason`() async throws {
        let error = await #expect(throws: DurableError.self) {
            try await SchemaMigrator().prepare(PostgresConfiguration("host=127.0.0.1 port=1 dbname=shop user=shop"))
        }
        #expect(error?.code == .databaseUnavailable)
        #expect(error?.message.contains("127.0.0.1") == true)
        #expect(error?.message.contains("port 1") == true)
    }
}

// SPDX-License-Identifier: Apache-2.0

import DurableTesting
import Foundation
import Libpq
import TemporaryPostgres
import Testing

@testable import Durable

@Suite struct HostileEngineTests {
    /// Everything that the engine does in one workflow: steps, a retry, a transaction, branches, a race, a parked sleep.
    private static let whole = Plain { _, workflow in
        let first = try await workflow.step("first", retry: .immediately(attempts: 2)) { step in
            if step.attempt == 1 { throw Outage() }
            return 1
        }
        let written = try await workflow.transaction("write") { transaction in
            try await transaction.execute("INSERT INTO app.effect VALUES (1)")
            return try await transaction.query("SELECT current_setting('transaction_isolation')")[0]
                .decode(0, as: String.self)
        }
        let strict = try await workflow.transaction("strict", isolation: .serializable) { transaction in
            try await transaction.execute("INSERT INTO app.effect VALUES (2)")
            return try await transaction.query("SELECT current_setting('synchronous_commit')")[0].decode(
                0,
                as: String.self
            )
        }
        let values = try await workflow.map([1, 2]) { element, branch in try await branch.step("b") { _ in element } }
        _ = try await workflow.race(
            { branch in try await branch.step("fast") { _ in 1 } },
            { branch in
                try await branch.sleep(for: .seconds(3600))
                return 2
            }
        )
        let before = workflow.now
        try await workflow.sleep(for: .milliseconds(50))
        let slept = workflow.now.timeIntervalSince(before) >= 0.0499
        return "\(first) \(written) \(strict) \(values) \(slept)"
    }

    @Test func `a whole workflow runs on a database with hostile defaults, as a role that may create nothing`()
        async throws
    {
        try await withDatabase { database in
            let role = "runtime_\(database.name)"
            try await database.execute("REVOKE ALL ON SCHEMA public FROM PUBLIC")
            try await database.execute("CREATE SCHEMA app")
            try await database.execute("CREATE TABLE app.effect (id int)")
            try await database.execute("CREATE ROLE \(role) LOGIN IN ROLE durable_runtime")
            try await database.execute("GRANT USAGE ON SCHEMA app TO \(role)")
            try await database.execute("GRANT INSERT ON app.effect TO \(role)")
            let settings = [
                "default_transaction_isolation = 'serializable'", "default_transaction_read_only = on",
                "default_transaction_deferrable = on", "statement_timeout = '1s'", "search_path = ''",
                "\"DateStyle\" = 'German, DMY'", "\"TimeZone\" = 'Asia/Kathmandu'",
                "\"IntervalStyle\" = 'sql_standard'",
                "synchronous_commit = off", "idle_in_transaction_session_timeout = '1s'", "extra_float_digits = 0",
                "bytea_output = escape", "standard_conforming_strings = off",
            ]
            // In a session from before: the next one is not allowed to change anything.
            let session = try await PostgresConnection.connect(database.configuration)
            defer { session.close() }
            for setting in settings {
                try await session.execute("ALTER DATABASE \(identifier: database.name) SET \(unescaped: setting)")
                try await session.execute("ALTER ROLE \(identifier: role) SET \(unescaped: setting)")
            }
            let result: Result<String, any Error>
            do {
                let options = EngineOptions.replaying.with { $0.migrate = .verify }
                let configuration = database.configuration(role: role)
                result = .success(
                    try await database.withEngine([Self.whole], options, configuration: configuration) { engine in
                        try await engine.start(Plain<String>.self, id: "a").result()
                    }
                )
            } catch {
                result = .failure(error)
            }
            let rows = try await session.strings("SELECT count(*)::text FROM app.effect")
            let waiting = try await session.strings("SELECT count(*)::text FROM durable.live")
            try await session.execute("DROP OWNED BY \(identifier: role)")
            try await session.execute("DROP ROLE \(identifier: role)")
            #expect(try result.get() == "1 read committed on [1, 2] true")
            #expect(rows == ["2"])
            #expect(waiting == ["0"])
        }
    }

    @Test func `a schema that is missing is an error that names it, and nothing is made`() async throws {
        try await withEmptyDatabase { database in
            let engine = try DurableEngine(
                database: database.configuration,
                workflows: [],
                options: .test.with { $0.migrate = .verify }
            )
            let error = try #require(await failure { try await engine.run() } as? DurableError)
            #expect(error.code == .schemaMismatch)
            #expect(error.message.contains("durable"))
            #expect(await failure { try await engine.waitUntilReady() } is DurableError)
            #expect(try await database.rows("SELECT 1::text FROM pg_namespace WHERE nspname = 'durable'").isEmpty)
        }
    }

    @Test func `a role that may not use the schema is told so`() async throws {
        try await withDatabase { database in
            let role = "nobody_\(database.name)"
            try await database.execute("CREATE ROLE \(role) LOGIN")
            let engine = try DurableEngine(database: database.configuration(role: role), workflows: [], options: .test)
            let error = await failure { try await engine.run() } as? DurableError
            try await database.execute("DROP ROLE \(role)")
            #expect(error?.code == .schemaMismatch)
            #expect(error?.message.contains(role) == true || error?.message.contains("permission") == true)
        }
    }

    @Test(arguments: ["LATIN1", "SQL_ASCII"])
    func `an engine refuses a database of another encoding with the reason`(encoding: String) async throws {
        try await withEmptyDatabase(options: "ENCODING '\(encoding)' TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'") {
            database in
            let engine = try DurableEngine(database: database.configuration, workflows: [], options: .test)
            let error = try #require(await failure { try await engine.run() } as? DurableError)
            #expect(error.code == .invalidConfiguration)
            #expect(error.message.contains("stores text as \(encoding)"))
            #expect(error.message.contains("create the database with ENCODING 'UTF8'"))
        }
    }

    @Test func `where no connection is left an engine says so, and a running one waits for a free one`() async throws {
        let server = try await TemporaryPostgres.start(
            TemporaryPostgres.Options(settings: ["max_connections = 16", "superuser_reserved_connections = 0"])
        )
        do {
            try await Self.exhaust(server)
        } catch {
            try? await server.stop()
            throw error
        }
        try await server.stop()
    }

    /// Fills a server up with sessions around an engine.
    private static func exhaust(_ server: TemporaryPostgres) async throws {
        let configuration = PostgresConfiguration(server.connectionString())
        let held = Gate()
        let program = Plain { _, workflow in
            try await workflow.step("before") { _ in try await held.wait() }
            try await workflow.transaction("write") { transaction in
                try await transaction.execute("CREATE TABLE effect (id int)")
            }
            return 1
        }
        let engine = try DurableEngine(
            database: configuration,
            workflows: [program],
            options: .test.with { $0.transactionConnections = 1 }
        )
        let running = Task { try await engine.run() }
        try await engine.waitUntilReady()
        let handle = try await engine.start(Plain<Int>.self, id: "a")
        var sessions: [PostgresConnection] = []
        while let session = try? await PostgresConnection.connect(configuration) { sessions.append(session) }
        #expect(sessions.count > 3)
        let late = try DurableEngine(database: configuration, workflows: [], options: .test)
        let error = try #require(await failure { try await late.run() } as? DurableError)
        #expect(error.code == .databaseUnavailable)
        #expect(error.message.contains("too many clients"))
        held.open()
        let waits = Task { try await handle.result() }
        // The transaction finds no connection; the workflow neither fails nor is it forgotten.
        #expect(try await handle.result(within: .milliseconds(500)) == nil)
        for session in sessions { session.close() }
        #expect(try await waits.value == 1)
        running.cancel()
        try await running.value
    }
}

// SPDX-License-Identifier: Apache-2.0

import DurableTesting
import Foundation
import Libpq
import Logging
import TemporaryPostgres
import Testing

@testable import Durable

/// A session that its engine has given up, whose server carries out late what it was sent.
@Suite struct LostSessionTests {
    /// Lets the stopped session go on, at the worst moment that the engine leaves to it: when its workflow has begun anew, or
    /// else when the engine waits for its end.
    private func release(
        _ backend: StoppedBackend,
        whenBegun begun: Counter,
        orAwaitedIn logs: Recorder<String>
    ) async throws {
        try await eventually("the session is given up") {
            begun.value > 0 || logs.all.contains { $0.hasPrefix("warning: session.lingers") }
        }
        backend.goOn()
    }

    @Test(.notReplayed("its session is known by the checkpoint that it wrote last"))
    func `a batch that its server carries out late leaves nothing in a workflow that has begun anew`() async throws {
        try await withDatabase { database in
            let backend = StoppedBackend(in: database)
            defer { backend.goOn() }
            let begun = Counter()
            let program = Program<Bool, String> { isSecond, workflow in
                try await workflow.step("before") { _ in }
                let mark = try await workflow.step("mark") { _ in
                    if isSecond {
                        begun.next()
                        try await backend.waitUntilGone()
                        return "second"
                    }
                    try await backend.stop(try await database.journalBackend())
                    return "first"
                }
                if !isSecond { try await workflow.continueAsNew(Program<Bool, String>.self, true) }
                return mark
            }
            let options = EngineOptions.test.with {
                $0.journalConnections = 1
                $0.requestDeadline = .seconds(1)
            }
            let logs = Recorder<String>()
            let result = try await database.withEngine([program], options, logs: logs) { engine in
                let handle = try await engine.start(Program<Bool, String>.self, false, id: "a")
                try await eventually("the session stands still") { backend.isStopped }
                try await self.release(backend, whenBegun: begun, orAwaitedIn: logs)
                return try await handle.result(within: .seconds(50))
            }
            #expect(result == "second")
            #expect(
                try await database.rows(
                    "SELECT concat_ws(' ', name, output) FROM durable.journal WHERE kind <> 16 ORDER BY position"
                ) == ["before", "mark \"second\""]
            )
            #expect(begun.value == 1)
        }
    }

    @Test func `a COMMIT that its server carries out late is no second one of a workflow that has begun anew`()
        async throws
    {
        try await withDatabase { database in
            try await database.execute("CREATE TABLE effect (mark text)")
            let backend = StoppedBackend(in: database)
            defer { backend.goOn() }
            let begun = Counter()
            let program = Program<Bool, String> { isSecond, workflow in
                let mark = try await workflow.transaction("mark") { transaction in
                    let mark = isSecond ? "second" : "first"
                    try await transaction.execute("INSERT INTO effect VALUES (\(mark))")
                    if isSecond {
                        begun.next()
                        try await backend.waitUntilGone()
                    } else if !backend.isStopped {
                        let pid = try await transaction.query("SELECT pg_backend_pid()")[0].decode(0, as: Int32.self)
                        try await backend.stop(pid)
                    }
                    return mark
                }
                if !isSecond { try await workflow.continueAsNew(Program<Bool, String>.self, true) }
                return mark
            }
            var configuration = database.configuration
            configuration.requestTimeout = .seconds(2)
            let logs = Recorder<String>()
            let result = try await database.withEngine([program], logs: logs, configuration: configuration) { engine in
                let handle = try await engine.start(Program<Bool, String>.self, false, id: "a")
                try await eventually("the session stands still") { backend.isStopped }
                try await self.release(backend, whenBegun: begun, orAwaitedIn: logs)
                return try await handle.result(within: .seconds(50))
            }
            #expect(result == "second")
            #expect(try await database.rows("SELECT mark FROM effect ORDER BY mark") == ["first", "second"])
            #expect(
                try await database.rows("SELECT concat_ws(' ', name, output) FROM durable.journal WHERE kind <> 16")
                    == ["mark \"second\""]
            )
        }
    }

    // MARK: - One session

    private static func session(of connection: PostgresConnection, server: Int64) throws -> LostSession {
        let executor = ExecutorIdentity(id: UUID(), number: 1, epoch: 1, server: server, name: "a")
        return try #require(LostSession(of: connection, with: executor))
    }

    /// Ends a session over another connection, in at most so many looks.
    ///
    /// - Returns: What was logged.
    private func end(
        _ session: LostSession,
        over connection: PostgresConnection,
        looks: Int = .max
    ) async throws -> [String] {
        let logs = Recorder<String>()
        let count = Counter()
        try await session.end(logger: Logger(recordingTo: logs), while: { count.next() <= looks }) {
            try await connection.run($0, deadline: $1)
        }
        return logs.all
    }

    @Test func `of the sessions with the server the one that was lost is ended, and no other`() async throws {
        try await withDatabase { database in
            let lost = try await PostgresConnection.connect(database.configuration)
            let other = try await PostgresConnection.connect(database.configuration)
            let server = try await other.query("SELECT durable.incarnation()")[0].decode(0, as: Int64.self)
            let ofAnotherStart = try Self.session(of: lost, server: server + 1)
            #expect(try await self.end(ofAnotherStart, over: other) == [])
            let itself = try Self.session(of: other, server: server)
            #expect(try await self.end(itself, over: other) == [])
            _ = try await lost.query("SELECT 1")

            let session = try Self.session(of: lost, server: server)
            #expect(try await self.end(session, over: other) == [])
            await #expect(throws: PostgresError.self) { try await lost.query("SELECT 1") }
            // Gone it is found no more.
            #expect(try await self.end(session, over: other) == [])
            other.close()
        }
    }

    @Test func `where the database does not let a session be ended that is said, and nobody waits`() async throws {
        try await withDatabase { database in
            let lost = try await PostgresConnection.connect(database.configuration)
            let session = try Self.session(of: lost, server: 1)
            let logs = Recorder<String>()
            try await session.end(logger: Logger(recordingTo: logs), while: { true }) { _, _ in
                throw PostgresError(.server, "permission denied", sqlState: "42501")
            }
            #expect(logs.all.count == 1)
            #expect(logs.all.first?.hasPrefix("warning: session.not_ended") ?? false)
            _ = try await lost.query("SELECT 1")
        }
    }

    @Test func `a session that has committed and waits for its standby is waited for, and not ended`() async throws {
        let postgres = try await TemporaryPostgres.start()
        do {
            let configuration = PostgresConfiguration(postgres.connectionString())
            let lost = try await PostgresConnection.connect(configuration)
            let other = try await PostgresConnection.connect(configuration)
            let server = try await other.query(
                "SELECT round(date_part('epoch', pg_postmaster_start_time()) * 1000000)::bigint - 946684800000000"
            )[0].decode(0, as: Int64.self)
            try await other.execute("ALTER SYSTEM SET synchronous_standby_names = nobody")
            try await other.execute("SELECT pg_reload_conf()")
            // The server's own processes take the setting over one by one.
            let commits = Task {
                while !Task.isCancelled { try await lost.execute("SELECT pg_logical_emit_message(true, '', '')") }
            }
            try await eventually("a commit waits") {
                let waits = Query("SELECT 1 FROM pg_stat_activity WHERE wait_event = 'SyncRep'")
                return try await other.query(waits).count == 1
            }
            let session = try Self.session(of: lost, server: server)
            let logs = try await self.end(session, over: other, looks: 10)
            #expect(logs.count == 1)
            #expect(logs.first?.hasPrefix("warning: session.lingers") ?? false)
            #expect(!lost.isClosed)
            try await other.execute("ALTER SYSTEM SET synchronous_standby_names = ''")
            try await other.execute("SELECT pg_reload_conf()")
            commits.cancel()
            _ = await commits.result
            #expect(try await self.end(session, over: other) == [])
            try await eventually("it is ended once it waits no more") { lost.isClosed }
        } catch {
            try? await postgres.stop()
            throw error
        }
        try await postgres.stop()
    }
}

extension TestDatabase {
    /// The process that serves the journal's only connection of an engine whose last record has travelled alone.
    fileprivate func journalBackend() async throws -> Int32 {
        let pids = try await self.rows(
            """
            SELECT pid::text FROM pg_stat_activity
            WHERE datname = current_database() AND pid <> pg_backend_pid()
                -- What comes last with such a record: itself, or what holds the fence from then on.
                AND (query LIKE 'INSERT INTO %.journal (%' OR query LIKE 'SELECT %.hold_fence(%')
            """
        )
        return try #require(pids.count == 1 ? Int32(pids[0]) : nil, "\(pids)")
    }
}

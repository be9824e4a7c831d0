// SPDX-License-Identifier: Apache-2.0

import Libpq

import TemporaryPostgres
import Testing

@Suite(.timeLimit(.minutes(2)))
struct CancellationTests {
    /// What the backend runs at the moment, or nil.
    private static func running(_ pid: Int32, _ observer: PostgresConnection) async throws -> String? {
        let rows = try await observer.query(
            "SELECT query FROM pg_stat_activity WHERE pid = \(pid) AND state = 'active'"
        )
        return try rows.first?.decode(0, as: String.self)
    }

    @Test func `a cancelled task stops the query of the server and leaves the connection usable`() async throws {
        let observer = try await TestServer.connect()
        let connection = try await TestServer.connect()
        let task = Task { try await connection.query("SELECT pg_sleep(600)") }
        try await eventually { try await Self.running(connection.backendPID, observer) == "SELECT pg_sleep(600)" }
        task.cancel()
        let error = await #expect(throws: PostgresError.self) { try await task.value }
        #expect(error?.code == .cancelled)
        #expect(error?.sqlState == "57014")
        #expect(error?.isOutcomeUnknown == false)
        #expect(try await Self.running(connection.backendPID, observer) == nil)
        for index in 0..<20 {
            #expect(try await connection.query("SELECT \(index)")[0].decode(0, as: Int.self) == index)
        }
    }

    @Test func `a task that is cancelled before its query begins stops it all the same`() async throws {
        let connection = try await TestServer.connect()
        for _ in 0..<30 {
            let task = Task { try await connection.query("SELECT pg_sleep(600)") }
            task.cancel()
            let error = await #expect(throws: PostgresError.self) { try await task.value }
            #expect(error?.code == .cancelled)
        }
        #expect(try await connection.query("SELECT 1").count == 1)
    }

    @Test func `cancelling a request that waits behind another one stops only that one`() async throws {
        let connection = try await TestServer.connect()
        let observer = try await TestServer.connect()
        let key = Int.random(in: 0 ... .max)
        try await observer.execute("SELECT pg_advisory_lock(\(key))")
        let first = Task { try await connection.query("SELECT pg_advisory_lock(\(key))") }
        try await eventually { try await Self.running(connection.backendPID, observer) != nil }
        let second = Task { try await connection.query("SELECT pg_sleep(600), 2") }
        let third = Task { try await connection.query("SELECT 3") }
        second.cancel()
        try await observer.execute("SELECT pg_advisory_unlock(\(key))")
        #expect(try await first.value.count == 1)
        let error = await #expect(throws: PostgresError.self) { try await second.value }
        #expect(error?.code == .cancelled)
        _ = await third.result
        #expect(try await connection.query("SELECT 4").count == 1)
    }

    @Test func `a query that the server stops by itself is not taken for a cancelled task`() async throws {
        let connection = try await TestServer.connect()
        try await connection.execute("SET statement_timeout = '20ms'")
        let error = await #expect(throws: PostgresError.self) { try await connection.query("SELECT pg_sleep(600)") }
        #expect(error?.code == .server)
        #expect(error?.sqlState == "57014")
    }

    @Test func `a reply that does not come within the deadline closes the connection with an unknown outcome`()
        async throws
    {
        let postgres = try await TemporaryPostgres.start()
        let connection = try await PostgresConnection.connect(PostgresConfiguration(postgres.connectionString()))
        try await connection.execute("CREATE TABLE t (n int)")
        try await postgres.pause()
        let later = Protected<Result<[StatementResult], PostgresError>?>(nil)
        let clock = ContinuousClock()
        let start = clock.now
        connection.send(Pipeline([Statement("INSERT INTO t VALUES (1)")])) { result in later.withLock { $0 = result } }
        let error = await #expect(throws: PostgresError.self) {
            try await connection.run(Pipeline([Statement("INSERT INTO t VALUES (2)")]), deadline: .milliseconds(200))
        }
        #expect(clock.now - start < .seconds(60))
        #expect(error?.code == .timeout)
        #expect(error?.isOutcomeUnknown == true)
        #expect(error?.isConnectionLost == true)
        #expect(error?.statement == "INSERT INTO t VALUES (2)")
        #expect(connection.isClosed)
        // Whatever else was under way shares the fate.
        guard case .failure(let other) = later.withLock({ $0 }) else {
            Issue.record("the earlier request is not over")
            return
        }
        #expect(other.isOutcomeUnknown)
        let after = await #expect(throws: PostgresError.self) { try await connection.query("SELECT 1") }
        #expect(after?.code == .connectionClosed)
        #expect(after?.isOutcomeUnknown == false)
        try await postgres.resume()
        // The bytes had arrived: the first request at least takes effect, although nobody can be told.
        let fresh = try await PostgresConnection.connect(PostgresConfiguration(postgres.connectionString()))
        try await eventually {
            try await fresh.query("SELECT count(*) FROM t")[0].decode(0, as: Int.self) >= 1
        }
        try await postgres.stop()
    }

    @Test func `closing fails what is under way and says so`() async throws {
        let connection = try await TestServer.connect()
        let task = Task { try await connection.query("SELECT pg_sleep(600)") }
        let observer = try await TestServer.connect()
        try await eventually { try await Self.running(connection.backendPID, observer) != nil }
        connection.close()
        let error = await #expect(throws: PostgresError.self) { try await task.value }
        #expect(error?.code == .connectionLost)
        #expect(error?.isOutcomeUnknown == true)
    }

    @Test func `a session that an administrator ends says why`() async throws {
        let connection = try await TestServer.connect()
        let observer = try await TestServer.connect()
        let task = Task { try await connection.query("SELECT pg_sleep(600)") }
        try await eventually { try await Self.running(connection.backendPID, observer) != nil }
        try await observer.execute("SELECT pg_terminate_backend(\(connection.backendPID))")
        let error = await #expect(throws: PostgresError.self) { try await task.value }
        #expect(error?.sqlState == "57P01")
        #expect(error?.code == .connectionLost)
        #expect(error?.isConnectionLost == true)
        #expect(error?.isOutcomeUnknown == true)
        #expect(connection.isClosed)
    }
}

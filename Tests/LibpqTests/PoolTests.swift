// SPDX-License-Identifier: Apache-2.0

import Libpq

import TemporaryPostgres
import Testing

@Suite(.timeLimit(.minutes(2)))
struct PoolTests {
    private static func pool(_ maximum: Int, timeout: Duration = .seconds(20)) async throws -> PostgresPool {
        var options = PostgresPoolOptions(maximum: maximum)
        options.acquireTimeout = timeout
        return PostgresPool(try await TestServer.configuration(), options: options)
    }

    @Test func `no more connections than the maximum are opened, and each is used again`() async throws {
        let pool = try await Self.pool(3, timeout: .seconds(100))
        let pids = try await withThrowingTaskGroup(of: Int32.self) { group in
            for _ in 0..<100 {
                group.addTask {
                    try await pool.withConnection { connection in
                        try await connection.execute("SELECT pg_sleep(0.001)")
                        return connection.backendPID
                    }
                }
            }
            return try await group.reduce(into: Set<Int32>()) { $0.insert($1) }
        }
        #expect(pids.count <= 3)
        #expect(pool.usage.inUse == 0)
        #expect(pool.usage.idle == pids.count)
        pool.shutdown()
        let error = await #expect(throws: PostgresError.self) { try await pool.query("SELECT 1") }
        #expect(error?.code == .poolShutdown)
    }

    @Test func `a caller that waits too long learns how many are in use`() async throws {
        var options = PostgresPoolOptions(minimum: 1, maximum: 1)
        options.acquireTimeout = .milliseconds(100)
        let pool = PostgresPool(try await TestServer.configuration(), options: options)
        try await eventually { pool.usage.idle == 1 }
        try await pool.withConnection { _ in
            let error = await #expect(throws: PostgresError.self) { try await pool.query("SELECT 1") }
            #expect(error?.code == .poolTimeout)
            let words = error?.message ?? ""
            #expect(words.contains("no connection became free within "), "\(words)")
            #expect(words.contains("1 of at most 1 are in use, 0 other callers wait"), "\(words)")
        }
        #expect(try await pool.query("SELECT 1").count == 1)
    }

    @Test func `a cancelled waiter leaves and takes no connection along`() async throws {
        let pool = try await Self.pool(1)
        try await pool.withConnection { _ in
            let task = Task { try await pool.query("SELECT 1") }
            try await eventually { pool.usage.waiting == 1 }
            task.cancel()
            let error = await #expect(throws: PostgresError.self) { try await task.value }
            #expect(error?.code == .cancelled)
            #expect(pool.usage.waiting == 0)
        }
        #expect(try await pool.query("SELECT 1").count == 1)
    }

    @Test func `waiters are served in the order of asking`() async throws {
        let pool = try await Self.pool(1)
        let order = Protected<[Int]>([])
        try await withThrowingTaskGroup(of: Void.self) { group in
            try await pool.withConnection { _ in
                for index in 0..<5 {
                    group.addTask { try await pool.withConnection { _ in order.withLock { $0.append(index) } } }
                    try await eventually { pool.usage.waiting == index + 1 }
                }
            }
            try await group.waitForAll()
        }
        #expect(order.withLock { $0 } == [0, 1, 2, 3, 4])
    }

    @Test func `a connection that is left in a transaction or broken is not used again`() async throws {
        let pool = try await Self.pool(1)
        let first = try await pool.withConnection { connection in
            try await connection.execute("BEGIN")
            return connection.backendPID
        }
        let second = try await pool.withConnection { connection in
            #expect(connection.transactionStatus == .idle)
            connection.close()
            return connection.backendPID
        }
        let third = try await pool.withConnection { $0.backendPID }
        #expect(Set([first, second, third]).count == 3)
        let observer = try await TestServer.connect()
        try await observer.execute("SELECT pg_terminate_backend(\(third))")
        try await eventually { try await pool.withConnection { $0.backendPID } != third }
    }

    @Test func `idle connections beyond the minimum are closed`() async throws {
        var options = PostgresPoolOptions(minimum: 1, maximum: 4)
        options.idleTimeout = .milliseconds(50)
        let pool = PostgresPool(try await TestServer.configuration(), options: options)
        try await eventually { pool.usage.idle == 1 }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<4 { group.addTask { try await pool.execute("SELECT pg_sleep(0.05)") } }
            try await group.waitForAll()
        }
        try await eventually { pool.usage.idle == 1 }
        #expect(pool.usage.inUse == 0)
    }

    @Test func `a full server is waited for, and named when the time is over`() async throws {
        let postgres = try await TemporaryPostgres.start(
            .init(settings: ["max_connections = 4", "superuser_reserved_connections = 0", "max_wal_senders = 0"])
        )
        let configuration = PostgresConfiguration(postgres.connectionString())
        var taken: [PostgresConnection] = []
        for _ in 0..<4 { taken.append(try await PostgresConnection.connect(configuration)) }
        var options = PostgresPoolOptions(maximum: 2)
        // Long enough for a first refusal on a busy machine; what is named is the last one.
        options.acquireTimeout = .seconds(5)
        let impatient = PostgresPool(configuration, options: options)
        let error = await #expect(throws: PostgresError.self) { try await impatient.query("SELECT 1") }
        #expect(error?.code == .poolTimeout)
        #expect(error?.sqlState == "53300")
        #expect(error?.message.contains("too many clients already") == true, "\(String(describing: error))")
        #expect((error?.underlying as? PostgresError)?.code == .connectionFailed)
        impatient.shutdown()
        let patient = PostgresPool(configuration)
        let task = Task { try await patient.query("SELECT 1").count }
        try await eventually { patient.usage.waiting == 1 }
        taken[0].close()
        #expect(try await task.value == 1)
        try await postgres.stop()
    }

    @Test func `a wrong database is told at once`() async throws {
        let postgres = try await TemporaryPostgres.shared()
        var options = PostgresPoolOptions()
        options.acquireTimeout = .seconds(120)
        let pool = PostgresPool(
            PostgresConfiguration(postgres.connectionString(database: "absent")),
            options: options
        )
        let clock = ContinuousClock()
        let start = clock.now
        let error = await #expect(throws: PostgresError.self) { try await pool.query("SELECT 1") }
        #expect(error?.sqlState == "3D000")
        #expect(clock.now - start < .seconds(60))
    }

    @Test func `a server that is killed under load fails what is under way, and the pool goes on with the next one`()
        async throws
    {
        let postgres = try await TemporaryPostgres.start()
        var options = PostgresPoolOptions(maximum: 4)
        options.acquireTimeout = .seconds(30)
        options.maximumBackOff = .milliseconds(200)
        let pool = PostgresPool(PostgresConfiguration(postgres.connectionString()), options: options)
        try await pool.execute("CREATE TABLE t (n int PRIMARY KEY)")
        let counts = Protected((confirmed: [Int](), unknown: 0, refused: 0))
        let next = Protected(0)
        let isOver = Protected(false)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    while !isOver.withLock({ $0 }) {
                        let number = next.withLock {
                            $0 += 1; return $0
                        }
                        do {
                            try await pool.execute("INSERT INTO t VALUES (\(number))")
                            counts.withLock { $0.confirmed.append(number) }
                        } catch let error as PostgresError {
                            #expect(
                                error.isConnectionLost || error.code == .poolTimeout,
                                "\(String(reflecting: error))"
                            )
                            counts.withLock { if error.isOutcomeUnknown { $0.unknown += 1 } else { $0.refused += 1 } }
                        }
                    }
                }
            }
            for _ in 0..<3 {
                let before = counts.withLock { $0.confirmed.count }
                try await eventually { counts.withLock { $0.confirmed.count } > before + 50 }
                try await postgres.restart(mode: .immediate)
            }
            let before = counts.withLock { $0.confirmed.count }
            try await eventually { counts.withLock { $0.confirmed.count } > before + 50 }
            isOver.withLock { $0 = true }
            try await group.waitForAll()
        }
        let (confirmed, unknown, _) = counts.withLock { $0 }
        #expect(unknown > 0)
        // Everything that was confirmed is there.
        let rows = try await pool.query("SELECT n FROM t")
        let present = Set(try rows.map { try $0.decode(0, as: Int.self) })
        #expect(present.isSuperset(of: confirmed))
        #expect(present.count <= confirmed.count + unknown)
        try await postgres.stop()
    }
}

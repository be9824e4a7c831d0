// SPDX-License-Identifier: Apache-2.0

import Libpq

import TemporaryPostgres
import Testing

@Suite(.timeLimit(.minutes(2)))
struct TransactionTests {
    private struct Stop: Error {}

    /// A pool, and the name of a fresh empty table in it.
    private static func table() async throws -> (PostgresPool, String) {
        let pool = PostgresPool(try await TestServer.configuration())
        let name = "t\(UInt64.random(in: 0 ... .max))"
        try await pool.execute("CREATE TABLE \(identifier: name) (id int PRIMARY KEY, n int)")
        return (pool, name)
    }

    private static func count(_ pool: PostgresPool, _ table: String) async throws -> Int {
        try await pool.query("SELECT count(*) FROM \(identifier: table)")[0].decode(0, as: Int.self)
    }

    @Test func `a transaction commits when its body returns and begins with its first statement`() async throws {
        let texts = Protected<[[String]]>([])
        var configuration = try await TestServer.configuration()
        configuration.observer = { event in
            if event.phase == .sending { texts.withLock { $0.append(event.statements) } }
        }
        let connection = try await PostgresConnection.connect(configuration)
        let value = try await connection.withTransaction(isolation: .serializable, readOnly: true) { transaction in
            try await transaction.query("SELECT current_setting('transaction_isolation')")[0].decode(0, as: String.self)
        }
        #expect(value == "serializable")
        #expect(
            texts.withLock { $0 } == [
                ["BEGIN ISOLATION LEVEL SERIALIZABLE READ ONLY", "SELECT current_setting('transaction_isolation')"],
                ["COMMIT"],
            ]
        )
        // Nothing to do, nothing sent.
        try await connection.withTransaction { _ in }
        #expect(texts.withLock { $0.count } == 2)
    }

    @Test func `a body that throws leaves nothing behind`() async throws {
        let (pool, table) = try await Self.table()
        await #expect(throws: Stop.self) {
            try await pool.withTransaction { transaction in
                try await transaction.execute("INSERT INTO \(identifier: table) VALUES (1, 1)")
                throw Stop()
            }
        }
        #expect(try await Self.count(pool, table) == 0)
        #expect(pool.usage.idle == 1)
    }

    @Test func `a body that swallows an error is not taken for a success`() async throws {
        let (pool, table) = try await Self.table()
        let error = await #expect(throws: PostgresError.self) {
            try await pool.withTransaction { transaction in
                try await transaction.execute("INSERT INTO \(identifier: table) VALUES (1, 1)")
                _ = try? await transaction.execute("INSERT INTO \(identifier: table) VALUES (1, 2)")
            }
        }
        #expect(error?.sqlState == "23505")
        #expect(error?.constraint == "\(table)_pkey")
        #expect(try await Self.count(pool, table) == 0)
        // An error that the server was told to survive is none.
        try await pool.withTransaction { transaction in
            try await transaction.execute("INSERT INTO \(identifier: table) VALUES (1, 1)")
            try await transaction.execute("SAVEPOINT s")
            try await transaction.execute("ROLLBACK TO SAVEPOINT s")
        }
        #expect(try await Self.count(pool, table) == 1)
    }

    @Test func `an error names the statement of the caller, not the BEGIN before it`() async throws {
        let (pool, _) = try await Self.table()
        let error = await #expect(throws: PostgresError.self) {
            try await pool.withTransaction { try await $0.query("SELECT 1 / \(0)") }
        }
        #expect(error?.statement == "SELECT 1 / $1")
        #expect(error?.statementIndex == 0)
    }

    @Test(arguments: ["COMMIT", "ROLLBACK", "COMMIT AND CHAIN", "END"])
    func `a body that ends the transaction itself is told so`(_ end: String) async throws {
        let (pool, table) = try await Self.table()
        let error = await #expect(throws: PostgresError.self) {
            try await pool.withTransaction { transaction in
                try await transaction.execute("INSERT INTO \(identifier: table) VALUES (1, 1)")
                _ = try? await transaction.execute("\(unescaped: end)")
                do {
                    try await transaction.execute("INSERT INTO \(identifier: table) VALUES (2, 2)")
                    Issue.record("a statement ran after the end of its transaction")
                } catch {
                    #expect((error as? PostgresError)?.code == .transactionMisuse)
                }
            }
        }
        #expect(error?.code == .transactionMisuse)
        #expect(error?.message.contains("itself") == true)
        #expect(try await Self.count(pool, table) == (end == "ROLLBACK" ? 0 : 1))
        #expect(try await pool.query("SELECT 1").count == 1)
    }

    @Test func `a transaction that is used after its end throws`() async throws {
        let (pool, _) = try await Self.table()
        var escaped: PostgresTransaction?
        try await pool.withTransaction { transaction in
            try await transaction.execute("SELECT 1")
            escaped = transaction
        }
        let error = await #expect(throws: PostgresError.self) { try await escaped?.query("SELECT 2") }
        #expect(error?.code == .transactionMisuse)
        #expect(error?.message.contains("is over") == true)
    }

    @Test func `a transaction that lost against another one runs again`() async throws {
        let (pool, table) = try await Self.table()
        try await pool.execute("INSERT INTO \(identifier: table) VALUES (1, 0)")
        let attempts = Protected(0)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<6 {
                group.addTask {
                    try await pool.withTransaction(isolation: .repeatableRead, retries: 50) { transaction in
                        attempts.withLock { $0 += 1 }
                        let n = try await transaction.query("SELECT n FROM \(identifier: table)")[0].decode(
                            0,
                            as: Int.self
                        )
                        try await transaction.execute("UPDATE \(identifier: table) SET n = \(n + 1)")
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(try await pool.query("SELECT n FROM \(identifier: table)")[0].decode(0, as: Int.self) == 6)
        let tries = Protected(0)
        let error = await #expect(throws: PostgresError.self) {
            try await pool.withTransaction(retries: 2) { transaction in
                tries.withLock { $0 += 1 }
                try await transaction.execute("DO $$ BEGIN RAISE SQLSTATE '40001'; END $$")
            }
        }
        #expect(error?.sqlState == "40001")
        #expect(tries.withLock { $0 } == 3)
    }

    @Test func `two transactions that wait for each other both succeed in the end`() async throws {
        let (pool, table) = try await Self.table()
        try await pool.execute("INSERT INTO \(identifier: table) VALUES (1, 0), (2, 0)")
        try await withThrowingTaskGroup(of: Void.self) { group in
            for order in [[1, 2], [2, 1]] {
                group.addTask {
                    try await pool.withTransaction { transaction in
                        for id in order {
                            try await transaction.execute("UPDATE \(identifier: table) SET n = n + 1 WHERE id = \(id)")
                            try await transaction.execute("SELECT pg_sleep(0.1)")
                        }
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(try await pool.query("SELECT sum(n) FROM \(identifier: table)")[0].decode(0, as: Int.self) == 4)
    }

    @Test func `a cancelled body is rolled back`() async throws {
        let (pool, table) = try await Self.table()
        let task = Task {
            try await pool.withTransaction { transaction in
                try await transaction.execute("INSERT INTO \(identifier: table) VALUES (1, 1)")
                try await transaction.execute("SELECT pg_sleep(600)")
            }
        }
        let observer = try await TestServer.connect()
        try await eventually {
            try await observer.query(
                "SELECT 1 FROM pg_locks WHERE relation = to_regclass(\(table)) AND mode = 'RowExclusiveLock'"
            ).count == 1
        }
        task.cancel()
        let error = await #expect(throws: PostgresError.self) { try await task.value }
        #expect(error?.code == .cancelled)
        #expect(try await Self.count(pool, table) == 0)
    }

    @Test func `a session lost before the commit has had no effect, one lost at the commit is unknown`() async throws {
        let (pool, table) = try await Self.table()
        let observer = try await TestServer.connect()
        let early = await #expect(throws: PostgresError.self) {
            try await pool.withTransaction { transaction in
                try await transaction.execute("INSERT INTO \(identifier: table) VALUES (1, 1)")
                try await transaction.execute("SELECT pg_terminate_backend(pg_backend_pid())")
            }
        }
        #expect(early?.isConnectionLost == true)
        #expect(early?.isOutcomeUnknown == false)
        // A trigger that fires at the commit and waits there.
        try await observer.execute(
            """
            CREATE FUNCTION pg_temp.slow() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(600); RETURN NULL; END'
            """
        )
        let configuration = try await TestServer.configuration()
        let connection = try await PostgresConnection.connect(configuration)
        try await connection.execute(
            """
            CREATE FUNCTION pg_temp.slow() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(600); RETURN NULL; END'
            """
        )
        try await connection.execute("CREATE TEMP TABLE s (n int)")
        try await connection.execute(
            """
            CREATE CONSTRAINT TRIGGER slow AFTER INSERT ON s DEFERRABLE INITIALLY DEFERRED
            FOR EACH ROW EXECUTE FUNCTION pg_temp.slow()
            """
        )
        let task = Task {
            try await connection.withTransaction { try await $0.execute("INSERT INTO s VALUES (1)") }
        }
        try await eventually {
            try await observer.query(
                "SELECT 1 FROM pg_stat_activity WHERE pid = \(connection.backendPID) AND query = 'COMMIT'"
            ).count == 1
        }
        try await observer.execute("SELECT pg_terminate_backend(\(connection.backendPID))")
        let late = await #expect(throws: PostgresError.self) { try await task.value }
        #expect(late?.isOutcomeUnknown == true)
        #expect(late?.statement == "COMMIT")
    }
}

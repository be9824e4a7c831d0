// SPDX-License-Identifier: Apache-2.0

import DurableTesting
import Libpq
import Testing

@testable import Durable

@Suite struct TransactionTests {
    /// Runs the body with an engine on a database that has a table `effect (id int)`.
    private func withEffects<Output: Sendable>(
        _ program: Plain<Output>,
        _ options: EngineOptions = .test,
        _ body: (DurableEngine, TestDatabase) async throws -> Void
    ) async throws {
        try await withDatabase { database in
            try await database.execute("CREATE TABLE effect (id int)")
            try await database.withEngine([program], options) { try await body($0, database) }
        }
    }

    @Test func `rows and checkpoint commit together, once, also after a replay`() async throws {
        let runs = Counter()
        let program = Plain { _, workflow in
            let count = try await workflow.transaction("write") { transaction in
                runs.next()
                #expect(transaction.workflow == "a")
                #expect(transaction.step == "write")
                try await transaction.execute("INSERT INTO effect VALUES (\(1)), (\(2))")
                return try await transaction.query("SELECT id FROM effect ORDER BY id").count
            }
            try await workflow.transaction("nothing") { _ in }
            try await workflow.sleep(for: .milliseconds(30))
            return count
        }
        try await self.withEffects(program, .replaying) { engine, database in
            let count = try await engine.start(Plain<Int>.self, id: "a").result()
            #expect(count == 2)
            #expect(try await database.rows("SELECT id::text FROM effect ORDER BY id") == ["1", "2"])
            let together = try await database.text(
                """
                SELECT ((SELECT array_agg(DISTINCT xmin::text) FROM effect)
                    = (SELECT array_agg(xmin::text) FROM durable.journal WHERE name = 'write'))::text
                """
            )
            #expect(together == "true")
            #expect(
                try await database.rows(
                    "SELECT coalesce(output::text, 'NULL') FROM durable.journal WHERE kind = 2 ORDER BY position"
                )
                    == ["2", "NULL"]
            )
        }
        #expect(runs.value == 1)
    }

    @Test func `what throws is rolled back, recorded, and thrown again`() async throws {
        let program = Plain { _, workflow in
            do {
                try await workflow.transaction("write") { transaction in
                    try await transaction.execute("INSERT INTO effect VALUES (1)")
                    throw CardRefused(reason: "expired")
                }
                return "?"
            } catch let error as CardRefused {
                return error.reason
            }
        }
        try await self.withEffects(program) { engine, database in
            let reason = try await engine.start(Plain<String>.self, id: "a").result()
            #expect(reason == "expired")
            #expect(try await database.text("SELECT count(*)::text FROM effect") == "0")
            #expect(try await database.journal(of: "a") == ["|0|0|write"])
        }
    }

    @Test(arguments: [Duration.zero, .milliseconds(10)])
    func `whoever looks for the replies, a lone transaction gets them all`(spin: Duration) async throws {
        let program = Plain { _, workflow in
            try await workflow.transaction("write") { transaction in
                for id in 1...20 { try await transaction.execute("INSERT INTO effect VALUES (\(id))") }
                _ = try await transaction.query("SELECT pg_sleep(0.03)")
            }
            let refused = await failure {
                try await workflow.transaction("refused") { transaction in
                    try await transaction.execute("INSERT INTO effect VALUES (1 / \(0))")
                }
            }
            // Found out when it commits.
            let late = await failure {
                try await workflow.transaction("late") { transaction in
                    try await transaction.execute("INSERT INTO effect VALUES (1)")
                }
            }
            return [refused, late].map { "\($0, default: "nothing")" }
        }
        try await self.withEffects(program, .test.with { $0.commitSpin = spin }) { engine, database in
            try await database.execute("ALTER TABLE effect ADD UNIQUE (id) DEFERRABLE INITIALLY DEFERRED")
            let refusals = try await engine.start(Plain<[String]>.self, id: "a").result()
            #expect(refusals.first?.contains("division by zero [SQLSTATE 22012]") == true)
            #expect(refusals.last?.contains("unique constraint \"effect_id_key\" [SQLSTATE 23505]") == true)
            #expect(try await database.text("SELECT count(*)::text FROM effect") == "20")
        }
    }

    @Test func `a transaction that looks for its reply ends at once when it is cancelled`() async throws {
        let begun = Gate()
        let program = Plain { _, workflow in
            try await workflow.transaction("wait") { transaction in
                try await transaction.execute("INSERT INTO effect VALUES (1)")
                begun.open()
                try await transaction.execute("SELECT pg_sleep(60)")
                return 1
            }
        }
        try await self.withEffects(program, .test.with { $0.commitSpin = .milliseconds(10) }) { engine, database in
            let handle = try await engine.start(Plain<Int>.self, id: "a")
            try await begun.wait()
            try await handle.cancel()
            #expect(await failure { try await handle.result() } != nil)
            #expect(try await handle.status().state == .cancelled)
            #expect(try await database.text("SELECT count(*)::text FROM effect") == "0")
        }
    }

    @Test(.notReplayed("its program counts attempts in memory"))
    func `a policy repeats the whole transaction`() async throws {
        let program = Plain { _, workflow in
            let runs = Counter()
            return try await workflow.transaction("write", retry: .immediately(attempts: 3)) { transaction in
                try await transaction.execute("INSERT INTO effect VALUES (1)")
                if runs.next() < 3 { throw Outage() }
                return runs.value
            }
        }
        try await self.withEffects(program) { engine, database in
            let runs = try await engine.start(Plain<Int>.self, id: "a").result()
            #expect(runs == 3)
            #expect(try await database.text("SELECT count(*)::text FROM effect") == "1")
            #expect(try await database.journal(of: "a") == ["|0|0|write", "|0|1|write", "|0|2|write"])
        }
    }

    @Test(arguments: [PostgresIsolation.readCommitted, .repeatableRead, .serializable])
    func `the isolation is the one that was asked for`(isolation: PostgresIsolation) async throws {
        let program = Plain { _, workflow in
            try await workflow.transaction("look", isolation: isolation) { transaction in
                try await transaction.query("SELECT current_setting('transaction_isolation')")[0].decode(
                    0,
                    as: String.self
                )
            }
        }
        try await self.withEffects(program) { engine, _ in
            let found = try await engine.start(Plain<String>.self, id: "a").result()
            let expected =
                switch isolation {
                case .readCommitted: "read committed"
                case .repeatableRead: "repeatable read"
                case .serializable: "serializable"
                }
            #expect(found == expected)
        }
    }

    @Test func `a transaction that lost against another one is repeated, and that is no attempt`() async throws {
        let connection = Recorder<PostgresConnection>()
        let runs = Counter()
        let program = Plain { _, workflow in
            try await workflow.transaction("count", isolation: .serializable) { transaction in
                let run = runs.next()
                let count = try await transaction.query("SELECT id FROM effect").count
                if run == 1, let other = connection.all.first {
                    // Another session reads and writes the same in the meantime, and commits first.
                    try await other.withTransaction(isolation: .serializable) { rival in
                        _ = try await rival.query("SELECT id FROM effect")
                        try await rival.execute("INSERT INTO effect VALUES (100)")
                    }
                }
                try await transaction.execute("INSERT INTO effect VALUES (\(count))")
                return "\(run) \(count)"
            }
        }
        try await self.withEffects(program) { engine, database in
            let other = try await PostgresConnection.connect(database.configuration)
            defer { other.close() }
            connection.record(other)
            #expect(try await engine.start(Plain<String>.self, id: "a").result() == "2 1")
            #expect(try await database.rows("SELECT id::text FROM effect ORDER BY id") == ["1", "100"])
            #expect(try await database.journal(of: "a") == ["|0|0|count"])
            #expect(try await database.text("SELECT attempt::text FROM durable.journal") == "1")
        }
    }

    @Test func `the transaction of a step that has ended is of no more use`() async throws {
        let kept = Kept()
        let program = Plain { _, workflow in
            try await workflow.transaction("write") { transaction in
                try await transaction.execute("INSERT INTO effect VALUES (1)")
                kept.transaction = transaction
            }
            let error = await failure { try await kept.transaction?.execute("INSERT INTO effect VALUES (2)") }
            return "\(error as? DurableError, default: "nothing")"
        }
        try await self.withEffects(program) { engine, database in
            let words = try await engine.start(Plain<String>.self, id: "a").result()
            #expect(words == "the transaction was used after its step had ended [workflow a] [step write]")
            #expect(try await database.text("SELECT count(*)::text FROM effect") == "1")
        }
    }

    /// Keeps a transaction beyond its step.
    ///
    /// Unchecked: it is written and read by the one task of the workflow.
    private final class Kept: @unchecked Sendable {
        var transaction: Transaction?
    }

    @Test(arguments: [
        "SELECT pg_advisory_unlock_all()", "RESET ALL", "SET synchronous_commit = off", "SET ROLE postgres",
    ])
    func `whatever a body does to its session, the steps that follow in it are fenced and recorded`(sql: String)
        async throws
    {
        let program = Plain { _, workflow in
            for number in 1...6 {
                try await workflow.transaction("write") { transaction in
                    if number == 3 { try await transaction.execute("\(unescaped: sql)") }
                    try await transaction.execute("INSERT INTO effect VALUES (\(number))")
                }
            }
            return 6
        }
        var options = EngineOptions.test
        options.transactionConnections = 1
        try await self.withEffects(program, options) { engine, database in
            let steps = try await engine.start(Plain<Int>.self, id: "a").result()
            #expect(steps == 6)
            #expect(try await database.rows("SELECT id::text FROM effect ORDER BY id") == (1...6).map { "\($0)" })
            #expect(try await database.rows("SELECT position::text FROM durable.journal WHERE kind = 2").count == 6)
        }
    }

    @Test func `savepoints belong to the body`() async throws {
        let program = Plain { _, workflow in
            try await workflow.transaction("write") { transaction in
                try await transaction.execute("INSERT INTO effect VALUES (1)")
                try await transaction.execute("SAVEPOINT before")
                _ = await failure { try await transaction.execute("INSERT INTO effect VALUES ('x'::text::int)") }
                try await transaction.execute("ROLLBACK TO SAVEPOINT before")
                try await transaction.execute("INSERT INTO effect VALUES (2)")
                return 1
            }
        }
        try await self.withEffects(program) { engine, database in
            try await engine.start(Plain<Int>.self, id: "a").result()
            #expect(try await database.rows("SELECT id::text FROM effect ORDER BY id") == ["1", "2"])
        }
    }

    @Test func `transactions in branches use no more connections than there are`() async throws {
        let program = Plain { _, workflow in
            try await workflow.map(Array(0..<40)) { element, branch in
                try await branch.transaction("write") { transaction in
                    try await transaction.execute("INSERT INTO effect VALUES (\(element))")
                    return element
                }
            }
        }
        try await self.withEffects(program, .test.with { $0.transactionConnections = 2 }) { engine, database in
            try await engine.start(Plain<[Int]>.self, id: "a").result()
            #expect(try await database.text("SELECT count(DISTINCT id)::text FROM effect") == "40")
        }
    }
}

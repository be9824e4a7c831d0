// SPDX-License-Identifier: Apache-2.0

import DurableTesting
import Libpq
import Testing

@testable import Durable

/// A disk that is full for a while, and a transaction that another one has beaten, are nobody's failure.
@Suite struct PassingFailureTests {
    private struct Wrapped: Error {
        let cause: any Error
    }

    private struct Later: Workflow {
        static let name = "later"
        @concurrent func run(_ number: Int, in workflow: WorkflowContext) async throws -> Int { number }
    }

    /// Has the first row that a table is given fail with an SQLSTATE.
    private func failOnce(
        _ table: String,
        where condition: String = "true",
        _ state: String,
        _ database: TestDatabase
    ) async throws {
        try await database.execute("CREATE SEQUENCE public.attempts")
        try await database.execute(
            """
            CREATE FUNCTION fail_once() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
                -- A sequence counts on, whatever is rolled back.
                IF nextval('public.attempts') = 1 THEN RAISE EXCEPTION 'no' USING ERRCODE = '\(unescaped: state)'; END IF;
                RETURN NEW;
            END
            $$
            """
        )
        try await database.execute(
            """
            CREATE TRIGGER fail_once BEFORE INSERT ON \(unescaped: table) FOR EACH ROW WHEN (\(unescaped: condition))
                EXECUTE FUNCTION fail_once()
            """
        )
    }

    @Test(arguments: ["53100", "40001"])
    func `a transaction is repeated that could not enqueue because of what passes`(state: String) async throws {
        let program = Plain { _, workflow in
            try await workflow.transaction("enqueue") { transaction in
                try await transaction.execute("INSERT INTO effect VALUES (1)")
                _ = try await transaction.enqueue(Later.self, 1, id: "b")
            }
            return true
        }
        try await withDatabase { database in
            try await database.execute("CREATE TABLE effect (id int)")
            try await self.failOnce("durable.workflow", where: "NEW.id = 'b'", state, database)
            try await database.withEngine([program]) { engine in
                let done = try await engine.start(Plain<Bool>.self, id: "a").result()
                #expect(done)
            }
            #expect(try await database.text("SELECT count(*)::text FROM effect") == "1")
            #expect(try await database.text("SELECT count(*)::text FROM durable.workflow WHERE id = 'b'") == "1")
            #expect(try await database.text("SELECT last_value::text FROM attempts") == "2")
        }
    }

    @Test(arguments: ["53100", "40001"])
    func `a transaction is repeated whose body has put what passes into words of its own`(state: String) async throws {
        let program = Plain { _, workflow in
            try await workflow.transaction("write") { transaction in
                do {
                    try await transaction.execute("INSERT INTO effect VALUES (1)")
                } catch {
                    // The transaction has failed: this does not count.
                    _ = try? await transaction.execute("SELECT 1")
                    throw Wrapped(cause: error)
                }
            }
            return true
        }
        try await withDatabase { database in
            try await database.execute("CREATE TABLE effect (id int)")
            try await self.failOnce("effect", state, database)
            try await database.withEngine([program]) { engine in
                let done = try await engine.start(Plain<Bool>.self, id: "a").result()
                #expect(done)
            }
            #expect(try await database.text("SELECT count(*)::text FROM effect") == "1")
        }
    }

    @Test func `what a body has come back from by a savepoint does not repeat the transaction`() async throws {
        let program = Plain { _, workflow in
            do {
                try await workflow.transaction("write") { transaction in
                    try await transaction.execute("SAVEPOINT before")
                    do {
                        try await transaction.execute("INSERT INTO effect VALUES (1)")
                    } catch {
                        try await transaction.execute("ROLLBACK TO SAVEPOINT before")
                    }
                    throw CardRefused(reason: "expired")
                }
                return "?"
            } catch let error as CardRefused {
                return error.reason
            }
        }
        try await withDatabase { database in
            try await database.execute("CREATE TABLE effect (id int)")
            try await self.failOnce("effect", "40001", database)
            try await database.withEngine([program]) { engine in
                let reason = try await engine.start(Plain<String>.self, id: "a").result()
                #expect(reason == "expired")
            }
            #expect(try await database.text("SELECT last_value::text FROM attempts") == "1")
        }
    }

    @Test func `a body that makes its own transaction read only has failed, and is not repeated for ever`() async throws
    {
        let runs = Counter()
        let program = Plain { _, workflow in
            do {
                try await workflow.transaction("write") { transaction in
                    runs.next()
                    try await transaction.execute("SET TRANSACTION READ ONLY")
                }
                return "?"
            } catch let failure as StepFailure {
                return failure.message
            }
        }
        try await withEngine([program]) { engine, _ in
            let message = try await engine.start(Plain<String>.self, id: "a").result()
            #expect(message.contains("cannot execute INSERT in a read-only transaction"))
        }
        #expect(runs.value == 1)
    }
}

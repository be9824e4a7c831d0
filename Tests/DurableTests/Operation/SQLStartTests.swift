// SPDX-License-Identifier: Apache-2.0

import DurableTesting
import Libpq
import Testing

@testable import Durable

/// What anybody does with plain SQL, in a transaction of his own.
@Suite struct SQLStartTests {
    private let program = Program<Int, Int> { input, workflow in try await workflow.step("double") { _ in input * 2 } }

    @Test func `a start rolls back with the caller's transaction, and runs when it commits`() async throws {
        try await withEngine([self.program]) { engine, database in
            let caller = try await PostgresConnection.connect(database.configuration)
            defer { caller.close() }
            try await caller.execute("BEGIN")
            try await caller.execute("SELECT durable.enqueue('program', '21', 'never')")
            try await caller.execute("ROLLBACK")
            #expect(try await database.text("SELECT count(*)::text FROM durable.workflow") == "0")
            try await caller.execute("BEGIN")
            try await caller.execute("SELECT durable.enqueue('program', '21', 'a')")
            try await caller.execute("COMMIT")
            #expect(try await engine.handle(Program<Int, Int>.self, id: "a").result() == 42)
        }
    }

    @Test func `an id that is taken returns the same workflow, and refuses another name or input`() async throws {
        try await withEngine([self.program]) { _, database in
            let start = "SELECT concat_ws('|', workflow_id, is_new) FROM durable.enqueue"
            #expect(try await database.text("\(start)('absent', '{\"a\": 1, \"b\": 2}', 'a')") == "a|t")
            #expect(try await database.text("\(start)('absent', '{\"b\":2,\"a\":1}', 'a')") == "a|f")
            #expect(try await database.text("\(start)('absent', '3', 'a', return_existing => true)") == "a|f")
            await database.expectRefusals(of: [
                ("enqueue('absent', '3', 'a')", "DU020", "workflow \"a\" was started with another input"),
                (
                    "enqueue('program', '3', 'a')", "DU020",
                    "the id \"a\" is taken by a workflow \"absent\"; it cannot start a \"program\""
                ),
                ("enqueue('')", "22023", "the workflow name is empty"),
                ("enqueue('x', NULL, repeat('x', 513))", "22023", "has 513 bytes; the limit is 512"),
                ("enqueue('x', delay => '-1s')", "22023", "must be between 0 and 100 years"),
                ("enqueue('x', '{')", "22P02", "invalid input syntax for type json"),
            ])
            let rows = try await database.text(
                "SELECT concat_ws('/', (SELECT count(*) FROM durable.workflow), (SELECT count(*) FROM durable.live))"
            )
            #expect(rows == "1/1")
        }
    }

    @Test func `an id that waits in another queue is the same workflow, and stays in that queue`() async throws {
        try await withEngine([self.program]) { _, database in
            _ = try await database.text("SELECT durable.set_queue('slow', 1)::text")
            let start = "SELECT concat_ws('|', workflow_id, is_new) FROM durable.enqueue"
            #expect(try await database.text("\(start)('absent', '1', 'a', queue => 'slow')") == "a|t")
            #expect(try await database.text("\(start)('absent', '1', 'a')") == "a|f")
            for table in ["workflow WHERE id", "live WHERE workflow_id"] {
                #expect(try await database.text("SELECT queue FROM durable.\(table) = 'a'") == "slow")
            }
        }
    }

    @Test func `many are started in one call, which says of each what became of it`() async throws {
        try await withEngine([self.program]) { engine, database in
            _ = try await database.text("SELECT workflow_id FROM durable.enqueue('other', '1', 'b')")
            let results = try await database.rows(
                """
                SELECT concat_ws('|', ordinal, workflow_id, result, reason)
                FROM durable.enqueue_all('program', ARRAY['1', '2', '3', '3']::json[], ARRAY['a', 'b', 'c', 'c'])
                ORDER BY ordinal
                """
            )
            #expect(
                results == [
                    "1|a|started", "2|b|refused|the id is taken by a workflow \"other\"", "3|c|started", "4|c|existing",
                ]
            )
            for (id, result) in [("a", 2), ("c", 6)] {
                #expect(try await engine.handle(Program<Int, Int>.self, id: id).result() == result)
            }
            await database.expectRefusals(of: [
                ("enqueue_all('program', ARRAY['1']::json[], ARRAY['x', 'y'])", "22023", "there are 2 ids for 1 inputs")
            ])
        }
    }

    @Test func `a start with a delay begins when that is over, and one that is cancelled before never does`()
        async throws
    {
        let began = Recorder<Int>()
        let program = Program<Int, Int> { input, workflow in
            began.record(input)
            // Both times are the server's: what a process knows of its clock is as good as its round trips are short.
            let isOver = try await workflow.transaction("look at the time") { transaction in
                try await transaction.query(
                    "SELECT clock_timestamp() - created_at >= interval '0.2 s' FROM durable.workflow WHERE id = 'soon'"
                )[0].decode(0, as: Bool.self)
            }
            return isOver ? input : 0
        }
        try await withEngine([program]) { engine, database in
            try await database.execute("SELECT durable.enqueue('program', '1', 'never', delay => '1 h')")
            try await database.execute("SELECT durable.enqueue('program', '2', 'later', delay => '1 h')")
            try await database.execute("SELECT durable.enqueue('program', '3', 'soon', delay => '0.2 s')")
            #expect(try await engine.handle(Program<Int, Int>.self, id: "soon").result() == 3)
            #expect(try await engine.cancel("never") == .requested)
            let cancelled = try await engine.handle(Program<Int, Int>.self, id: "never")
            await #expect(throws: DurableError.self) { try await cancelled.result() }
            #expect(Set(began.all) == [3])
            #expect(try await database.text("SELECT state::text FROM durable.live") == "queued")
        }
    }

    @Test func `attributes are kept, and what is no JSON is refused and starts nothing`() async throws {
        try await withEngine([self.program]) { engine, database in
            try await database.execute(
                "SELECT durable.enqueue('program', '21', 'a', attributes => '{\"tenant\": \"blue\"}')"
            )
            #expect(try await engine.handle(Program<Int, Int>.self, id: "a").result() == 42)
            let found = """
                SELECT string_agg(id, ' ') FROM durable.workflow WHERE attributes @> '{"tenant": "blue"}'
                """
            #expect(try await database.text(found) == "a")
            await database.expectRefusals(of: [
                ("enqueue('program', '21', 'b', attributes => 'blue')", "22P02", "invalid input syntax for type json")
            ])
            #expect(try await database.text("SELECT count(*)::text FROM durable.workflow") == "1")
        }
    }
}

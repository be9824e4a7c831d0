// SPDX-License-Identifier: Apache-2.0

import DurableTesting
import Libpq
import Testing

@testable import Durable

/// Retention beside people who repair what it would delete.
@Suite struct RetentionRaceTests {
    private static let repairs = [
        "SELECT durable.retry('f')", "SELECT durable.rerun('f', 'g')", "SELECT durable.fork('f', 1, new_id => 'g')",
    ]

    @Test(arguments: repairs)
    func `what a person is repairing is passed by`(repair: String) async throws {
        try await withDatabase { database in
            try await database.execute("SELECT durable.set_retention('1 day')")
            try await database.ended("f", as: "failed")
            try await database.ended("other", as: "failed")
            let person = try await PostgresConnection.connect(database.configuration)
            defer { person.close() }
            try await person.execute("BEGIN")
            try await person.execute(Query(repair))
            _ = try await database.prune()
            let left = try await database.rows("SELECT DISTINCT workflow_id FROM durable.journal ORDER BY 1")
            #expect(left == ["f"])
            try await person.execute("COMMIT")
            let first = try await database.text(
                "SELECT count(*)::text FROM durable.journal WHERE workflow_id = 'f' AND position = 0"
            )
            #expect(first == "1", "what was recorded before is there")
            let live = try await database.rows("SELECT workflow_id FROM durable.live")
            #expect(live == [repair.contains("retry") ? "f" : "g"])
        }
    }

    @Test(arguments: repairs)
    func `a repair that comes second is told that there is no such workflow, and makes none of half of it`(
        repair: String
    )
        async throws
    {
        try await withDatabase { database in
            try await database.execute("SELECT durable.set_retention('1 day')")
            try await database.ended("f", as: "failed")
            let keeper = try await PostgresConnection.connect(database.configuration)
            defer { keeper.close() }
            let person = try await PostgresConnection.connect(database.configuration)
            defer { person.close() }
            try await keeper.execute("BEGIN")
            try await keeper.execute("SELECT durable.prune()")
            async let late: Void = { () async throws in
                let error = await #expect(throws: PostgresError.self) { try await person.execute(Query(repair)) }
                #expect(error?.sqlState == "DU010")
                #expect(error?.message == "no workflow has the id \"f\"")
            }()
            try await eventually("the repair waits for the end of the deletion") {
                try await database.text(
                    "SELECT count(*)::text FROM pg_locks WHERE NOT granted AND pid = \(person.backendPID)"
                ) == "1"
            }
            try await keeper.execute("COMMIT")
            try await late
            for table in ["workflow", "live", "outcome", "journal"] {
                #expect(try await database.text("SELECT count(*)::text FROM durable.\(table)") == "0", "\(table)")
            }
        }
    }

    @Test func `under many repairs and deletions at once each workflow is whole or gone`() async throws {
        let count = 300
        try await withDatabase { database in
            try await database.execute("SELECT durable.set_retention('1 day')")
            try await database.execute(
                """
                WITH w AS (
                    INSERT INTO durable.workflow (id, name, created_at)
                    SELECT 'f' || i, 'program', now() - interval '3 days' FROM generate_series(1, \(count)) AS i RETURNING id
                ), j AS (
                    INSERT INTO durable.journal (workflow_id, scope, position, phase, kind, executor, run, name, error)
                    SELECT w.id, '', p, 0, 1, 1, 1, 's', CASE p WHEN 2 THEN '{"type":"E","message":""}'::json END
                    FROM w CROSS JOIN generate_series(0, 2) AS p
                )
                INSERT INTO durable.outcome (workflow_id, status, finished_at)
                SELECT id, 'failed', now() - interval '2 days' FROM w
                """
            )
            try await withThrowingTaskGroup(of: Void.self) { group in
                for offset in 0..<3 {
                    group.addTask {
                        let person = try await PostgresConnection.connect(database.configuration)
                        defer { person.close() }
                        for number in stride(from: 1 + offset, through: count, by: 3) {
                            do {
                                try await person.execute(Query("SELECT durable.retry('f\(number)')"))
                            } catch let error as PostgresError where error.sqlState == "DU010" {
                                // It was deleted before.
                            }
                        }
                    }
                }
                for _ in 0..<2 {
                    group.addTask {
                        let keeper = try await PostgresConnection.connect(database.configuration)
                        defer { keeper.close() }
                        for _ in 1...60 { try await keeper.execute("SELECT durable.prune(20)") }
                    }
                }
                try await group.waitForAll()
            }
            let broken = try await database.rows(
                """
                SELECT i::text FROM (SELECT 'f' || i AS i FROM generate_series(1, \(count)) AS i) AS t
                CROSS JOIN LATERAL (SELECT
                    (SELECT count(*) FROM durable.workflow WHERE id = t.i) AS workflow,
                    (SELECT count(*) FROM durable.live WHERE workflow_id = t.i) AS live,
                    (SELECT count(*) FROM durable.outcome WHERE workflow_id = t.i) AS outcome,
                    (SELECT count(*) FROM durable.journal WHERE workflow_id = t.i) AS journal) AS n
                WHERE (workflow, live, outcome, journal) NOT IN ((0, 0, 0, 0), (1, 1, 0, 2), (1, 0, 1, 3))
                """
            )
            #expect(broken == [])
            let ended = try await database.text("SELECT count(*)::text FROM durable.workflow")
            #expect(
                try await database.prune()
                    == (try await database.rows("SELECT workflow_id FROM durable.live ORDER BY 1")),
                "\(ended)"
            )
        }
    }

    @Test func `two who delete at once do not wait for each other`() async throws {
        try await withDatabase { database in
            try await database.execute("SELECT durable.set_retention('1 day')")
            for number in 1...3 { try await database.ended("w\(number)") }
            let first = try await PostgresConnection.connect(database.configuration)
            defer { first.close() }
            try await first.execute("BEGIN")
            try await first.execute("SELECT durable.prune(1)")
            #expect(try await database.text("SELECT result FROM durable.prune(1)") == "busy")
            try await first.execute("COMMIT")
            #expect(try await database.prune() == [])
        }
    }

    @Test func `an engine keeps the pause that a batch asks for, a person does not`() async throws {
        try await withDatabase { database in
            try await database.execute("SELECT durable.set_retention('1 day')")
            try await database.ended("w")
            // A batch asks for nine times of what it took, which may be over before the next statement arrives.
            try await database.execute("UPDATE durable.retention_pass SET next_at = now() + interval '1 hour'")
            #expect(try await database.text("SELECT result FROM durable.prune(1, gently => true)") == "busy")
            #expect(try await database.rows("SELECT id FROM durable.workflow") == ["w"])
            #expect(try await database.prune() == [])
            let next = try await database.text("SELECT (next_at - done_at)::text FROM durable.retention_pass")
            #expect(next.hasPrefix("00:0"), "five minutes, where everything was looked at: \(next)")
        }
    }

    @Test func `what makes no sense is refused in words, and nothing is changed or deleted`() async throws {
        try await withTestDatabase { database in
            try await database.waiting("live")
            try await database.ended("parent", days: 40)
            try await database.ended("child", days: 40, parent: "parent")
            try await database.waiting("busy child", parent: "parent")
            let hostile = "'; DROP TABLE durable.live; --"
            await database.expectRefusals(of: [
                ("set_retention('-1 day')", "22023", "kept for 0 to 1000 years, or for ever (NULL), not for -1 days"),
                ("set_retention('2000 years')", "22023", "kept for 0 to 1000 years"),
                ("set_retention('soon')", "22007", "invalid input syntax for type interval: \"soon\""),
                ("set_retention('1 day', outcome => 'lost')", "22023", "no workflow ends as \"lost\""),
                (
                    "set_retention('1 day', subject => 'journal')", "22023",
                    "nothing called \"journal\" is kept for a time"
                ),
                ("set_retention('1 day', subject => NULL)", "22023", "is kept for a time"),
                ("set_retention('1 day', repeat('x', 129))", "22023", "the name has 129 bytes; the limit is 128"),
                ("set_retention('1 day', 'a', subject => 'audit')", "22023", "an audit has no such part"),
                ("drop_retention(outcome => 'lost')", "22023", "no workflow ends as \"lost\""),
                ("prune(0)", "22023", "a batch has 1 to 10000 rows, not 0"),
                ("prune(NULL)", "22023", "a batch has 1 to 10000 rows"),
                ("delete_workflow('nobody', 'x')", "DU010", "no workflow has the id \"nobody\""),
                ("delete_workflow(NULL, 'x')", "DU010", "no workflow has the id"),
                ("delete_workflow($q$\(hostile)$q$, 'x')", "DU010", "no workflow has the id \"\(hostile)\""),
                ("delete_workflow('live', '')", "22023", "the reason is empty"),
                (
                    "delete_workflow('live', 'x')", "DU020",
                    "workflow \"live\" is waiting, and only what has ended can be deleted"
                ),
                ("delete_workflow('parent', 'x')", "DU020", "workflow \"busy child\" is waiting"),
                (
                    "delete_workflow('child', 'x')", "DU020",
                    "was started by \"parent\", which may still ask for its result"
                ),
                ("export('nobody')", "DU010", "no workflow has the id \"nobody\""),
            ])
            let ids = try await database.rows("SELECT id FROM durable.workflow ORDER BY id")
            #expect(ids == ["busy child", "child", "live", "parent"])
            let rows = try await database.text(
                "SELECT (SELECT count(*) FROM durable.audit) + (SELECT count(*) FROM durable.retention) || ''"
            )
            #expect(rows == "0")
        }
    }

    @Test func `an export in SQL is the export of the library, whatever is in it`() async throws {
        let program = Program<String, String> { input, workflow in
            _ = try await workflow.step("echo") { _ in input }
            try await workflow.sleep(for: .milliseconds(1))
            return input
        }
        try await withEngine([program]) { engine, database in
            let hostile = "\u{0} \"quoted\" \u{202E} \\u0000 ü 💡"
            #expect(try await engine.start(Program<String, String>.self, hostile, id: "a").result() == hostile)
            let export = try await engine.export("a")
            let text = try await database.text("SELECT durable.export('a')::text")
            #expect(try WorkflowExport(json: .init(text.utf8)) == export)
        }
    }
}

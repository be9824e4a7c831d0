// SPDX-License-Identifier: Apache-2.0

import DurableTesting
import Libpq
import Testing

@testable import Durable

@Suite struct AttentionTests {
    @Test func `nothing needs a person when all is well`() async throws {
        let program = Plain<Int> { _, workflow in try await workflow.step("one") { _ in 1 } }
        try await withEngine([program]) { engine, _ in
            let operations = try await engine.operations
            #expect(try await engine.start(Plain<Int>.self).result() == 1)
            #expect(try await operations.attention().isEmpty)
        }
    }

    @Test func `what stands still comes first, each with the statement to type`() async throws {
        let program = Plain<Int> { _, workflow in try await workflow.step("one") { _ in 1 } }
        try await withEngine([program]) { engine, database in
            let operations = try await engine.operations
            try await database.execute(
                """
                INSERT INTO durable.workflow (id, name, version) VALUES ('p', 'program', 1), ('n', 'absent', 3), ('it''s', 'absent', 3);
                """
            )
            try await database.execute(
                """
                INSERT INTO durable.live (workflow_id, name, version, state, run_at, reason, error)
                VALUES ('p', 'program', 1, 'paused', 'infinity', 'diverged', '{"type": "E", "message": "charge is now pay"}'),
                       ('n', 'absent', 3, 'queued', now() - interval '2 minutes', NULL, NULL),
                       ('it''s', 'absent', 3, 'queued', now() - interval '2 minutes', NULL, NULL)
                """
            )
            let items = try await operations.attention()
            #expect(items.map(\.kind) == ["paused", "not offered"])
            #expect(items.first?.what == "diverged: charge is now pay")
            #expect(items.last?.what == "2 workflows absent of version 3: due, and no live process offers it")
            #expect(items.last?.statement == "SELECT * FROM durable.why('it''s')")
            for item in items { _ = try await database.text(item.statement) }
            #expect(
                try await operations.why("n").sentence == "No live process offers workflow absent in version 3."
            )
            #expect(
                try await operations.why("p").sentence
                    == "It is paused (diverged): charge is now pay. Deploy code that matches what is recorded, then resume it."
            )
        }
    }

    @Test func `each kind of thing has its row, worst first, and its statement runs and helps`() async throws {
        try await withTestDatabase { database in
            for statement in Self.troubles { try await database.execute(statement) }
            let connection = try await PostgresConnection.connect(database.configuration)
            defer { connection.close() }
            func rows() async throws -> [String] {
                try await connection.strings("SELECT concat_ws('|', severity, kind, name) FROM durable.attention")
            }
            let before = try await rows()
            #expect(before.map { $0.prefix(1) } == before.map { $0.prefix(1) }.sorted(), "worst first")
            #expect(
                Set(before) == [
                    "1|paused|mail", "1|dead executor|dead", "1|dead executor|stopped", "1|dead executor|fenced",
                    "1|schema mismatch|old", "1|schema mismatch|migration", "2|not offered|mail",
                    "2|writer behind|slow",
                    "2|not delivered|inbox", "2|retrying|mail", "3|overdue|mail", "3|queue paused|letters",
                    "3|overdue|parcels", "3|name paused|bill",
                ]
            )
            #expect(before.count == 14)
            for statement in try await connection.strings("SELECT statement FROM durable.attention") {
                _ = try await connection.query(Query(statement))
            }
            // What a statement can mend is mended; the others have said more.
            let after = try await rows()
            #expect(Set(before).subtracting(after) == ["3|queue paused|letters", "3|name paused|bill"])
            let fenced = try await connection.strings(
                "SELECT statement FROM durable.attention WHERE kind = 'dead executor' ORDER BY name"
            )
            #expect(
                fenced == Array(repeating: "SELECT * FROM durable.executors", count: 3),
                "nobody is declared dead twice"
            )
            for statement in fenced { _ = try await connection.query(Query(statement)) }
        }
    }

    /// One of each kind.
    private static let troubles = [
        "SELECT durable.set_queue('letters', 5)", "SELECT durable.set_queue('letters', 0)",
        "SELECT durable.set_queue('parcels', 1)", "SELECT durable.pause_name('bill', 'bad deploy')",
        "UPDATE durable.paused_name SET since = now() - interval '2 hours'",
        """
        INSERT INTO durable.executor (id, name, host, pid, code_generation, workflows, stopped_at, fenced_at)
        SELECT gen_random_uuid(), e.name, 'h', 1, CASE WHEN e.name = 'old' THEN 1 ELSE 2 END, '[{"name": "mail", "versions": [1]}]',
               CASE WHEN e.name = 'stopped' THEN now() END, CASE WHEN e.name = 'fenced' THEN now() END
        FROM unnest(ARRAY['dead', 'stopped', 'fenced', 'old', 'slow']) AS e (name)
        """,
        """
        INSERT INTO durable.lease (executor, expires_at, period, behind_since)
        SELECT e.number, now() + CASE WHEN e.name = 'dead' THEN interval '-1 hour' ELSE '1 hour' END, '1 ms',
               CASE WHEN e.name = 'slow' THEN now() - interval '1 minute' END
        FROM durable.executor e WHERE e.name IN ('dead', 'old', 'slow')
        """,
        "DELETE FROM durable.migration WHERE version = 8",
        "UPDATE durable.migration SET oldest_generation = 2 WHERE version = 9",
        """
        INSERT INTO durable.workflow (id, name)
        SELECT w.id, 'mail' FROM unnest(ARRAY['held', 'dead', 'stopped', 'fenced', 'strange', 'late', 'again', 'zero', 'full']) AS w (id)
        """,
        """
        INSERT INTO durable.live (workflow_id, name, state, executor, epoch, run)
        SELECT e.name, 'mail', 'running', e.number, 1, 1 FROM durable.executor e WHERE e.name IN ('dead', 'stopped', 'fenced')
        """,
        """
        INSERT INTO durable.live (workflow_id, name, version, state, run_at, reason, queue)
        VALUES ('held', 'mail', 1, 'paused', 'infinity', 'operator', ''),
               ('strange', 'mail', 7, 'queued', now() - interval '10 minutes', NULL, ''),
               ('late', 'mail', 1, 'waiting', now() - interval '10 minutes', NULL, ''),
               ('again', 'mail', 1, 'waiting', now() + interval '1 day', NULL, ''),
               ('zero', 'mail', 1, 'queued', now() - interval '10 minutes', NULL, 'letters'),
               ('full', 'mail', 1, 'queued', now() - interval '2 hours', NULL, 'parcels')
        """,
        """
        INSERT INTO durable.journal (workflow_id, scope, position, phase, kind, executor, run, at, name)
        VALUES ('again', '', 0, 1, 1, 1, 1, now() - interval '2 hours', 'charge')
        """,
        """
        INSERT INTO durable.inbox (workflow_id, kind, name, created_at)
        VALUES ('again', 'message', 'x', now() - interval '5 minutes')
        """,
    ]

    @Test func `errors of one shape are one row`() async throws {
        let program = Program<Int, Int> { input, workflow in
            try await workflow.step("charge", retry: .never) { _ in
                throw Outage(description: "order \(input) of \"c\(input)\" refused")
            }
            return input
        }
        try await withEngine([program]) { engine, database in
            for input in 1...3 {
                let handle = try await engine.start(Program<Int, Int>.self, input)
                await #expect(throws: (any Error).self) { try await handle.result() }
            }
            #expect(
                try await database.rows("SELECT concat_ws('|', name, fingerprint, workflows) FROM durable.errors")
                    == ["program|order # of … refused|3"]
            )
        }
    }
}

// SPDX-License-Identifier: Apache-2.0

import DurableTesting
import Libpq
import Testing

@testable import Durable

@Suite struct ViewTests {
    @Test func `steps shows recorded, failed, running, retrying, waiting and abandoned ones alike`() async throws {
        try await withTestDatabase { database in
            let session = try await FenceSession(database)
            try await session.register()
            try await session.run(
                """
                INSERT INTO durable.workflow (id, name) VALUES ('w', 'checkout'), ('over', 'checkout')
                """
            )
            try await session.run(
                """
                INSERT INTO durable.live (workflow_id, name, state, executor, epoch, run)
                VALUES ('w', 'checkout', 'running', 1, 1, 7)
                """
            )
            try await session.run(
                """
                INSERT INTO durable.journal
                    (workflow_id, scope, position, phase, kind, attempt, executor, run, seconds, due, name, error)
                VALUES
                    ('w', '', 0, 0, 1, 1, 1, 7, 0.5, NULL, 'charge', NULL),
                    ('w', '', 1, 1, 1, 1, 1, 7, NULL, now() - interval '1 s', 'charge', '{"type":"Declined","message":"no"}'),
                    ('w', '', 1, 0, 1, 2, 1, 7, 0.1, NULL, 'charge', '{"type":"Declined","message":"never"}'),
                    ('w', '', 2, 0, 2, 1, 1, 7, NULL, NULL, 'charge', NULL),
                    ('w', 'parallel[0]', 0, 1, 1, 1, 1, 7, NULL, 'infinity', 'charge', '{"type":"A","message":"first"}'),
                    ('w', 'parallel[0]', 0, 2, 1, 2, 1, 7, NULL, '2040-01-01', 'charge', '{"type":"B","message":"\\u0000"}'),
                    ('w', 'parallel[1]', 0, 1, 3, 1, 1, 7, NULL, '2041-01-01', 'sleep', NULL),
                    ('w', 'parallel[2]', 0, 1, 1, 1, 1, 7, NULL, '2042-01-01', 'pack', '{"type":"C"}'),
                    ('over', '', 0, 1, 3, 1, 1, 7, NULL, '2041-01-01', 'sleep', NULL)
                """
            )
            try await session.run(
                """
                INSERT INTO durable.activity (workflow_id, scope, position, executor, kind, attempt, started_at, name)
                VALUES ('w', 'parallel[2]', 0, 1, 1, 2, now() - interval '5 s', 'pack'),
                    ('w', '', 0, 1, 1, 1, now(), 'charge'), ('over', '', 1, 1, 1, 1, now(), 'left over')
                """
            )
            try await session.run("INSERT INTO durable.outcome (workflow_id, status) VALUES ('over', 'cancelled')")
            let steps = try await database.rows(
                """
                SELECT concat_ws('|', workflow_id, scope, position, step, kind, state, attempt, executor,
                    recorded_at IS NOT NULL, CASE WHEN state = 'running' THEN seconds >= 5 END,
                    CASE WHEN state <> 'running' THEN seconds END,
                    extract(year FROM next_attempt_at), extract(year FROM wakes_at), error_type, error)
                FROM durable.steps ORDER BY workflow_id, scope, position
                """
            )
            #expect(
                steps == [
                    "over||0|sleep|sleep|abandoned|1|test|f",
                    "w||0|charge|step|recorded|1|test|t|0.5",
                    "w||1|charge#2|step|failed|2|test|t|0.1|Declined|never",
                    "w||2|charge|transaction|recorded|1|test|t",
                    "w|parallel[0]|0|charge|step|retrying|2|test|f|2040",
                    "w|parallel[1]|0|sleep|sleep|waiting|1|test|f|2041",
                    "w|parallel[2]|0|pack|step|running|2|test|f|t",
                ]
            )
        }
    }

    @Test func `workflows shows state, step, errors and times of pending and finished ones`() async throws {
        try await withTestDatabase { database in
            let session = try await FenceSession(database)
            try await session.register()
            for statement in [
                "INSERT INTO durable.workflow (id, name, version, parent) VALUES ('a', 'checkout', 2, 'p'), ('b', 'checkout', 1, NULL), ('c', 'checkout', 1, NULL), ('d', 'checkout', 1, NULL)",
                """
                INSERT INTO durable.live (workflow_id, name, state, executor, epoch, run, run_at, reason, waiting_for, error) VALUES
                    ('a', 'checkout', 'running', 1, 1, 7, now(), NULL, NULL, NULL),
                    ('b', 'checkout', 'waiting', NULL, NULL, NULL, '2041-01-01', NULL, 'sleep', NULL),
                    ('c', 'checkout', 'paused', NULL, NULL, NULL, 'infinity', 'diverged', NULL, '{"type":"T","message":"m"}')
                """,
                "INSERT INTO durable.outcome (workflow_id, status, executor, error) VALUES ('d', 'failed', 1, '{\"type\":\"E\",\"message\":\"no\"}')",
                "INSERT INTO durable.activity (workflow_id, scope, position, executor, kind, attempt, started_at, name) VALUES ('a', '', 0, 1, 1, 3, now(), 'charge')",
                "INSERT INTO durable.journal (workflow_id, scope, position, phase, kind, executor, run, due, name) VALUES ('b', '', 0, 1, 3, 1, 7, '2041-01-01', 'sleep')",
            ] { try await session.run(statement) }
            let workflows = try await database.rows(
                """
                SELECT concat_ws('|', id, name, version, state, reason, step, step_since IS NOT NULL, attempt, waiting_for,
                    extract(year FROM wakes_at), error_type, error, executor, parent, finished_at IS NOT NULL,
                    updated_at >= created_at)
                FROM durable.workflows ORDER BY id
                """
            )
            #expect(
                workflows == [
                    "a|checkout|2|running|charge|t|3|test|p|f|t",
                    "b|checkout|1|waiting|sleep|t|1|sleep|2041|f|t",
                    "c|checkout|1|paused|diverged|f|T|m|f|t",
                    "d|checkout|1|failed|f|E|no|test|t|t",
                ]
            )
        }
    }

    @Test func `executors says who is alive, stopped, dead and fenced, and how much each one owns`() async throws {
        try await withTestDatabase { database in
            let session = try await FenceSession(database)
            for lease in ["15 s", "15 s", "-1 s", "15 s"] { try await session.register(lease: lease, period: "0") }
            try await session.run("UPDATE durable.executor SET stopped_at = now() WHERE number = 2")
            try await session.run("SELECT durable.take_over(4, true)::text")
            try await session.run(
                "INSERT INTO durable.live (workflow_id, name, state, executor, epoch) SELECT 'w' || n, 'x', 'running', 3, 1 FROM generate_series(1, 3) n"
            )
            let executors = try await database.rows(
                "SELECT concat_ws('|', number, name, state, lease_expires_at IS NOT NULL, running) FROM durable.executors ORDER BY number"
            )
            #expect(executors == ["1|test|alive|t|0", "2|test|stopped|t|0", "3|test|dead|t|3", "4|test|fenced|f|0"])
        }
    }

    @Test func `payloads are in their own view, and in no other`() async throws {
        try await withTestDatabase { database in
            let session = try await FenceSession(database)
            for statement in [
                "INSERT INTO durable.workflow (id, name, input) VALUES ('w', 'x', '{\"in\" : 1}')",
                "INSERT INTO durable.outcome (workflow_id, status, output) VALUES ('w', 'succeeded', '{\"out\" : 1}')",
                "INSERT INTO durable.journal (workflow_id, scope, position, phase, kind, executor, run, name, output) VALUES ('w', 's', 3, 0, 1, 1, 1, 'charge', '{\"step\" : 1}')",
            ] { try await session.run(statement) }
            let payloads = try await database.rows(
                "SELECT concat_ws('|', workflow_id, part, scope, position, name, payload) FROM durable.payloads ORDER BY part"
            )
            #expect(
                payloads == ["w|input|{\"in\" : 1}", "w|output|{\"out\" : 1}", "w|step|s|3|charge|{\"step\" : 1}"]
            )
            let columns = try await database.rows(
                """
                SELECT table_name || '.' || column_name FROM information_schema.columns
                WHERE table_schema = 'durable' AND table_name IN ('workflows', 'steps', 'executors')
                  AND (column_name IN ('input', 'output', 'payload') OR data_type IN ('json', 'jsonb'))
                  -- What was attached for searching is no payload.
                  AND column_name <> 'attributes'
                """
            )
            #expect(columns == [])
        }
    }

    @Test func `by id every view reads through indexes, and counting states touches neither journal nor activity`()
        async throws
    {
        try await withTestDatabase { database in
            let session = try await FenceSession(database)
            // Enough rows that a sequential scan would be chosen if it could.
            for statement in [
                "INSERT INTO durable.workflow (id, name) SELECT 'w' || n, 'x' FROM generate_series(1, 20000) n",
                "INSERT INTO durable.outcome (workflow_id, status) SELECT 'w' || n, 'succeeded' FROM generate_series(1, 19000) n",
                "INSERT INTO durable.live (workflow_id, name, state) SELECT 'w' || n, 'x', 'queued' FROM generate_series(19001, 20000) n",
                "INSERT INTO durable.journal (workflow_id, scope, position, phase, kind, executor, run, name) SELECT 'w' || n, '', p, 0, 1, 1, 1, 's' FROM generate_series(1, 20000) n, generate_series(0, 2) p",
                "INSERT INTO durable.activity (workflow_id, scope, position, executor, kind, started_at, name) SELECT 'w' || n, '', 9, 1, 1, now(), 's' FROM generate_series(19001, 20000) n",
                "ANALYZE durable.workflow, durable.outcome, durable.live, durable.journal, durable.activity",
            ] { try await session.run(statement) }
            for (view, column) in [("workflows", "id"), ("steps", "workflow_id"), ("payloads", "workflow_id")] {
                let plan = try await database.rows("EXPLAIN SELECT * FROM durable.\(view) WHERE \(column) = 'w7'")
                let scans = plan.filter { $0.contains("Seq Scan") && !$0.contains(" executor ") }
                #expect(scans == [], "\(view): \(plan.joined(separator: "\n"))")
                let prepared = try await database.rows(
                    "EXPLAIN SELECT * FROM durable.\(view) WHERE \(column) = ANY (ARRAY['w7', 'w9', 'w19999'])"
                )
                #expect(
                    prepared.filter { $0.contains("Seq Scan on journal") } == [],
                    "\(prepared.joined(separator: "\n"))"
                )
            }
            // As a prepared statement of a driver runs it, without knowing the id.
            try await session.run("SET plan_cache_mode = force_generic_plan")
            for (view, column) in [("workflows", "id"), ("steps", "workflow_id"), ("payloads", "workflow_id")] {
                try await session.run("PREPARE by_id (text) AS SELECT * FROM durable.\(view) WHERE \(column) = $1")
                let plan = try await session.connection.strings("EXPLAIN EXECUTE by_id ('w7')")
                try await session.run("DEALLOCATE by_id")
                let scans = plan.filter { $0.contains("Seq Scan") && !$0.contains(" executor ") }
                #expect(scans == [], "\(view): \(plan.joined(separator: "\n"))")
            }
            // The way to join that the view's comment recommends.
            let joined = try await database.rows(
                """
                EXPLAIN SELECT * FROM durable.steps
                WHERE workflow_id = ANY (ARRAY(SELECT id FROM durable.workflows WHERE id IN ('w7', 'w9')))
                """
            )
            #expect(joined.filter { $0.contains("Seq Scan on journal") } == [], "\(joined.joined(separator: "\n"))")
            let count = try await database.rows("EXPLAIN SELECT state, count(*) FROM durable.workflows GROUP BY state")
            #expect(count.filter { $0.contains("journal") || $0.contains("activity") || $0.contains("executor") } == [])
        }
    }
}

// SPDX-License-Identifier: Apache-2.0

import DurableTesting
import Libpq
import Testing

@testable import Durable

@Suite struct RetentionTests {
    @Test func `nothing is deleted where nothing says so`() async throws {
        try await withTestDatabase { database in
            try await database.ended("old", days: 10_000)
            #expect(try await database.prune() == ["old"])
            try await database.execute("SELECT durable.set_retention(NULL)")
            #expect(try await database.prune() == ["old"])
        }
    }

    @Test(arguments: [1, 2, 500])
    func `the policy that names the type counts, then the one that names the outcome; what lives stays`(batch: Int)
        async throws
    {
        try await withTestDatabase { database in
            for statement in [
                "SELECT durable.set_retention('30 days')",
                "SELECT durable.set_retention('90 days', outcome => 'failed')",
                "SELECT durable.set_retention(NULL, 'payment')",
                "SELECT durable.set_retention('1 day', 'ping', 'succeeded')",
            ] { try await database.execute(statement) }
            for (id, name, status, days) in [
                ("a-young", "checkout", "succeeded", 29), ("b-old", "checkout", "succeeded", 31),
                ("c-failed", "checkout", "failed", 31), ("d-failed-long-ago", "checkout", "failed", 91),
                ("e-cancelled", "checkout", "cancelled", 31), ("f-payment", "payment", "succeeded", 9_000),
                ("g-ping", "ping", "succeeded", 2), ("h-ping-failed", "ping", "failed", 31),
            ] { try await database.ended(id, name: name, as: status, days: days) }
            try await database.waiting("i-live", name: "ping", days: 1_000)
            let left = try await database.prune(batch: batch)
            #expect(left == ["a-young", "c-failed", "f-payment", "h-ping-failed", "i-live"])
            let records = try await database.rows("SELECT DISTINCT workflow_id FROM durable.journal ORDER BY 1")
            #expect(records == left)
            #expect(
                try await database.text(
                    "SELECT sum((details ->> 'deleted')::int)::text FROM durable.audit WHERE action = 'prune'"
                ) == "4"
            )
            // Another pass finds nothing more.
            #expect(try await database.prune(batch: batch) == left)
        }
    }

    @Test func `a family goes from the top down, and not before the last of it has ended`() async throws {
        try await withTestDatabase { database in
            try await database.execute("SELECT durable.set_retention('30 days')")
            // Under a live one, and under one whose time is not over, everything stays.
            try await database.waiting("live")
            try await database.ended("live/child", days: 40, parent: "live")
            try await database.ended("live/child/grandchild", days: 50, parent: "live/child")
            try await database.ended("young", days: 1)
            try await database.ended("young/child", days: 40, parent: "young")
            // One of a family is unfinished.
            try await database.ended("busy", days: 40)
            try await database.waiting("busy/child", parent: "busy")
            // All of it is over.
            try await database.ended("over", days: 40)
            try await database.ended("over/child", days: 50, parent: "over")
            try await database.ended("over/child/grandchild", days: 60, parent: "over/child")
            let kept = ["busy", "busy/child", "live", "live/child", "live/child/grandchild", "young", "young/child"]
            // Those further down were looked at before those above had gone: the next passes find them.
            for _ in 1...3 { _ = try await database.prune() }
            #expect(try await database.prune() == kept)
        }
    }

    @Test func `one workflow is deleted from every table, with all that it has started`() async throws {
        try await withTestDatabase { database in
            for id in ["w", "other"] {
                try await database.ended(id)
                for statement in Self.rows(of: id) { try await database.execute(statement) }
            }
            try await database.ended("w/child", parent: "w")
            let tables = try await database.rows(Self.tables)
            for table in tables {
                let rows = try await database.text(
                    "SELECT count(*)::text FROM durable.\(table) WHERE \(Self.key(table)) = 'w'"
                )
                #expect(rows != "0", "the test writes no row into \(table)")
            }
            #expect(try await database.text("SELECT durable.delete_workflow('w', 'asked for')::text") == "2")
            for table in tables {
                let left = try await database.rows("SELECT DISTINCT \(Self.key(table)) FROM durable.\(table)")
                #expect(left == ["other"], "\(table)")
            }
            #expect(
                try await database.text(
                    "SELECT concat_ws('|', action, subject, reason, details ->> 'workflows') FROM durable.audit"
                )
                    == "delete_workflow|w|asked for|2"
            )
        }
    }

    @Test func `events, processes and audit rows go when nobody needs them any more`() async throws {
        try await withTestDatabase { database in
            for subject in ["event", "executor", "audit"] {
                try await database.execute("SELECT durable.set_retention('30 days', subject => '\(subject)')")
            }
            try await database.execute(
                "UPDATE durable.audit SET at = now() - interval '40 days' WHERE subject = 'audit'"
            )
            try await database.waiting("w", days: 60)
            try await database.execute(
                """
                INSERT INTO durable.subscription (workflow_id, scope, position, name, key) VALUES ('w', '', 0, 'paid', 'k')
                """
            )
            try await database.execute(
                """
                INSERT INTO durable.event (name, key, published_at) VALUES
                    ('paid', 'k', now() - interval '50 days'), ('paid', 'k', now() - interval '70 days'),
                    ('paid', 'other', now() - interval '50 days'), ('paid', 'new', now()), ('sent', NULL, now() - interval '31 days'),
                    ('told', NULL, now() - interval '50 days')
                """
            )
            try await database.execute("INSERT INTO durable.inbox (kind, name) VALUES ('event', 'told')")
            try await database.execute(
                """
                INSERT INTO durable.executor (id, name, host, pid, started_at, stopped_at, fenced_at) VALUES
                    (gen_random_uuid(), 'long gone', 'h', 1, now() - interval '90 days', now() - interval '80 days', NULL),
                    (gen_random_uuid(), 'fenced', 'h', 1, now() - interval '90 days', NULL, now() - interval '80 days'),
                    (gen_random_uuid(), 'wrote', 'h', 1, now() - interval '90 days', now() - interval '50 days', NULL),
                    (gen_random_uuid(), 'forgotten', 'h', 1, now() - interval '90 days', NULL, NULL),
                    (gen_random_uuid(), 'alive', 'h', 1, now() - interval '90 days', NULL, NULL)
                """
            )
            try await database.execute(
                """
                INSERT INTO durable.lease (executor, expires_at, period)
                SELECT number, CASE name WHEN 'alive' THEN now() + interval '1 hour' ELSE now() - interval '80 days' END, '0 s'
                FROM durable.executor WHERE name IN ('alive', 'forgotten')
                """
            )
            _ = try await database.prune()
            let events = try await database.rows("SELECT concat_ws(' ', name, key) FROM durable.event ORDER BY 1")
            #expect(events == ["paid k", "paid new", "told"])
            let executors = try await database.rows("SELECT name FROM durable.executor ORDER BY 1")
            #expect(executors == ["alive", "wrote"])
            let audit = try await database.rows("SELECT concat_ws(' ', action, subject) FROM durable.audit ORDER BY id")
            #expect(
                audit == [
                    "set_retention event", "set_retention executor", "prune event", "prune executor", "prune audit",
                ]
            )
        }
    }

    @Test func `an engine deletes what its options do not keep, and leaves what runs alone`() async throws {
        let gate = Gate()
        let program = Plain<Int> { _, workflow in
            try await workflow.step("wait") { _ in try await gate.wait() }
            return 1
        }
        try await withDatabase { database in
            for number in 1...20 { try await database.ended("old-\(number)", days: 40) }
            try await database.ended("kept", name: "payment", days: 40)
            let options = EngineOptions.test.with {
                $0.retention = [
                    RetentionPolicy(keep: .seconds(30 * 86_400)), RetentionPolicy(keep: nil, of: "payment"),
                ]
                $0.retentionInterval = .milliseconds(40)
            }
            try await database.withEngine([program], options) { first in
                try await database.withEngine([program], options) { _ in
                    let handle = try await first.start(Plain<Int>.self, id: "running")
                    try await eventually("what is over is gone") {
                        try await database.rows("SELECT id FROM durable.workflow ORDER BY id") == ["kept", "running"]
                    }
                    gate.open()
                    #expect(try await handle.result() == 1)
                }
                let operations = try await first.operations
                #expect(try await operations.delete("running", reason: "done with") == 1)
            }
            let policies = try await database.rows(
                "SELECT concat_ws('|', subject, name, outcome, extract(epoch FROM keep)::int) FROM durable.retention ORDER BY name"
            )
            #expect(policies == ["workflow|||2592000", "workflow|payment|"])
            #expect(
                try await database.text("SELECT sum((details ->> 'deleted')::int)::text FROM durable.audit") == "20"
            )
        }
    }

    @Test func `policies that make no sense are refused by the engine`() {
        for policy in [RetentionPolicy(keep: .seconds(-1)), RetentionPolicy(keep: .zero, of: "")] {
            var options = EngineOptions()
            options.retention = [policy]
            #expect(throws: DurableError.self) { try DurableEngine(workflows: [], options: options) }
        }
    }

    // MARK: - Tables

    /// Everything that is kept per workflow, except what the router consumes by itself.
    private static let tables = """
        SELECT DISTINCT c.relname::text FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
        WHERE c.relnamespace = 'durable'::regnamespace AND c.relkind = 'r' AND NOT a.attisdropped
          AND (a.attname = 'workflow_id' OR (c.relname, a.attname) IN (('child_group', 'parent'), ('workflow', 'id')))
          AND c.relname NOT IN ('inbox', 'request', 'live') ORDER BY 1
        """

    private static func key(_ table: String) -> String {
        switch table {
        case "workflow": "id"
        case "child_group": "parent"
        default: "workflow_id"
        }
    }

    private static func rows(of id: String) -> [String] {
        [
            """
            INSERT INTO durable.superseded (repair, workflow_id, scope, position, phase, kind, attempt, executor, run, at, name)
            VALUES (1, '\(id)', '', 0, 0, 1, 1, 1, 1, now(), 'x')
            """,
            "INSERT INTO durable.superseded_outcome (repair, workflow_id, status, finished_at) VALUES (1, '\(id)', 'failed', now())",
            "INSERT INTO durable.message (workflow_id, name) VALUES ('\(id)', 'm')",
            "INSERT INTO durable.message_key (workflow_id, name, key) VALUES ('\(id)', 'm', 'k')",
            "INSERT INTO durable.token (id, workflow_id, name) VALUES ('t-\(id)', '\(id)', 't')",
            "INSERT INTO durable.subscription (workflow_id, scope, position, name) VALUES ('\(id)', '', 0, 'e')",
            "INSERT INTO durable.published (workflow_id, name) VALUES ('\(id)', 'p')",
            "INSERT INTO durable.update_request (workflow_id, id, name) VALUES ('\(id)', 'r', 'u')",
            "INSERT INTO durable.stream (workflow_id, name, scope, position, number) VALUES ('\(id)', 's', '', 0, 0)",
            "INSERT INTO durable.cancellation (workflow_id) VALUES ('\(id)')",
            "INSERT INTO durable.child_group (parent, place, concurrency, released) VALUES ('\(id)', '0', 1, 1)",
            """
            INSERT INTO durable.activity (workflow_id, scope, position, executor, kind, started_at, name)
            VALUES ('\(id)', '', 0, 1, 1, now(), 'x')
            """,
        ]
    }
}

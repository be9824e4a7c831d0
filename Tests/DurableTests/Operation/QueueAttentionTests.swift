// SPDX-License-Identifier: Apache-2.0

import DurableTesting
import Libpq
import Testing

@testable import Durable

/// A queue with limits holds work back, and that alone needs nobody.
@Suite struct QueueAttentionTests {
    /// Writes due workflows of a queue, and a process that is alive and offers `mail`.
    private static func fill(_ database: TestDatabase, _ minutes: Int, of name: String = "mail") async throws {
        for statement in [
            """
            INSERT INTO durable.executor (id, name, host, pid, workflows)
            VALUES (gen_random_uuid(), 'web', 'h', 1, '[{"name": "mail", "versions": [1]}]')
            """,
            """
            INSERT INTO durable.lease (executor, expires_at, period)
            SELECT number, now() + interval '1 hour', '15 s' FROM durable.executor
            """,
            "INSERT INTO durable.workflow (id, name) SELECT 'm' || n, '\(name)' FROM generate_series(1, 3) AS n",
            """
            INSERT INTO durable.live (workflow_id, name, state, queue, run_at)
            SELECT id, name, 'queued', 'letters', now() - interval '\(minutes) minutes' FROM durable.workflow
            """,
        ] { try await database.execute(statement) }
    }

    private static func items(_ database: TestDatabase) async throws -> [String] {
        try await database.rows("SELECT concat_ws('|', severity, kind, name, what, statement) FROM durable.attention")
    }

    @Test func `the backlog of a limited queue needs nobody, until one has waited for more than an hour`() async throws
    {
        try await withTestDatabase { database in
            try await database.execute("SELECT durable.set_queue('letters', 5, 2)")
            try await Self.fill(database, 50)
            #expect(try await Self.items(database) == [])
            try await database.execute(
                "UPDATE durable.live SET run_at = now() - interval '2 hours' WHERE workflow_id = 'm1'"
            )
            #expect(
                try await Self.items(database) == [
                    "3|overdue|letters|3 due in queue letters, the oldest for more than an hour: its limit is 5 at once and 2 in "
                        + "each process|SELECT * FROM durable.queues WHERE name = 'letters'"
                ]
            )
        }
    }

    @Test func `a queue without limits is behind after minutes`() async throws {
        try await withTestDatabase { database in
            try await database.execute("SELECT durable.set_queue('letters')")
            try await Self.fill(database, 6)
            #expect(
                try await Self.items(database) == [
                    "3|overdue|mail|3 workflows mail of version 1: due for minutes, and the processes that offer it are "
                        + "full, or behind|SELECT * FROM durable.executors"
                ]
            )
        }
    }

    @Test func `a paused queue with a backlog says who paused it, and the statement gives it its limits again`()
        async throws
    {
        try await withTestDatabase { database in
            try await database.execute("SELECT durable.set_queue('letters', 5, 2)")
            try await database.execute("SELECT durable.set_queue('letters', 0, reason => 'the printer is out of ink')")
            #expect(try await Self.items(database) == [])
            try await Self.fill(database, 2)
            let who = try await database.text("SELECT session_user::text")
            #expect(
                try await Self.items(database) == [
                    "3|queue paused|letters|3 due in queue letters, which lets none of them start: its limit is 0, set by \(who)|"
                        + "SELECT durable.set_queue('letters', 5, 2)"
                ]
            )
            try await database.execute(try await database.text("SELECT statement FROM durable.attention"))
            #expect(
                try await database.text(
                    "SELECT concat_ws(' ', concurrency, process_concurrency) FROM durable.queue WHERE name = 'letters'"
                )
                    == "5 2"
            )
            #expect(try await Self.items(database) == [])
        }
    }

    @Test func `what no process offers needs a person, limited or not`() async throws {
        try await withTestDatabase { database in
            try await database.execute("SELECT durable.set_queue('letters', 5)")
            try await Self.fill(database, 2, of: "parcel")
            #expect(
                try await Self.items(database) == [
                    "2|not offered|parcel|3 workflows parcel of version 1: due, and no live process offers it|"
                        + "SELECT * FROM durable.why('m1')"
                ]
            )
        }
    }
}

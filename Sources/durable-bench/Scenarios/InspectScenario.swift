// SPDX-License-Identifier: Apache-2.0

import Foundation
import Libpq

/// How long a person waits for lists, filters and explanations with a million finished workflows in the tables, and with the
/// server's own settings.
struct InspectScenario: Scenario {
    static let name = "inspect"
    static let words = "milliseconds of lists, filters and explanations with a million finished workflows in the tables"

    private let size: BenchSize

    init(size: BenchSize) { self.size = size }

    var cells: [Cell] {
        [Cell("inspect", .once) { try await self.measure(on: $0) }]
    }

    private func measure(on server: BenchServer) async throws -> [Reading] {
        let database = try await server.makeDatabase()
        try await self.fill(database)
        let connection = try await PostgresConnection.connect(database.configuration)
        defer { connection.close() }
        let lists = try await self.slowest(self.questions.lists, on: connection)
        let explanations = try await self.slowest(self.questions.explanations, on: connection)
        let errors = try await self.slowest([("errors", "SELECT * FROM durable.errors")], on: connection)
        let number = NumberText.number(Double(self.size.ended))
        return [
            Reading(
                "inspect.lists",
                "slowest list or filter with \(number) finished: \(lists.name)",
                lists.milliseconds,
                .milliseconds
            ),
            Reading(
                "inspect.explanations",
                "slowest of why, show and steps: \(explanations.name)",
                explanations.milliseconds,
                .milliseconds
            ),
            Reading("inspect.errors", "errors of a hundredth of them, grouped", errors.milliseconds, .milliseconds),
        ]
    }

    /// The largest of the medians.
    private func slowest(
        _ questions: [(String, String)],
        on connection: PostgresConnection
    ) async throws -> (name: String, milliseconds: Double) {
        var slowest = (name: "", milliseconds: 0.0)
        for (name, sql) in questions {
            var times: [Double] = []
            for _ in 0..<max(3, self.size.rounds) {
                let began = ContinuousClock.now
                _ = try await connection.query(Query("\(unescaped: sql)"))
                times.append((ContinuousClock.now - began) / .milliseconds(1))
            }
            let median = times.sorted()[times.count / 2]
            Progress.say(String(format: "    %.1f ms  ", median) + name)
            if median >= slowest.milliseconds { slowest = (name, median) }
        }
        return slowest
    }

    /// What is asked; the id is of the middle one of all.
    private var questions: (lists: [(String, String)], explanations: [(String, String)]) {
        let id = String(format: "wf-%012d", self.size.ended / 2)
        func list(_ filter: String) -> String {
            """
            SELECT w.* FROM durable.find(\(filter), maximum => 51) AS f (id)
            CROSS JOIN LATERAL (SELECT * FROM durable.workflows w WHERE w.id = f.id OFFSET 0) AS w
            ORDER BY w.created_at DESC, w.id DESC
            """
        }
        let lists = [
            ("list", list("states => NULL")), ("list, a page later", list("behind => '\(id)'")),
            ("name", list("names => '{type-3}'")), ("name of none", list("names => '{absent}'")),
            ("two names", list("names => '{type-3,type-4}'")),
            ("state failed", list("states => '{failed}'")), ("state cancelled", list("states => '{cancelled}'")),
            ("state succeeded", list("states => '{succeeded}'")),
            ("states pending", list("states => '{queued,running,waiting,paused}'")),
            (
                "failed of a name, since",
                list("states => '{failed}', names => '{type-0}', since => now() - interval '3 days'")
            ),
            ("since and before", list("since => now() - interval '3 days', before => now() - interval '2 days'")),
            ("id prefix of few", list("id_prefix => '\(id.dropLast(2))'")),
            ("id prefix of all", list("id_prefix => 'wf-'")),
            ("error type", list("error_type => 'Outage'")), ("error type of none", list("error_type => 'Absent'")),
            ("waits", "SELECT * FROM durable.waits LIMIT 50"), ("attention", "SELECT * FROM durable.attention"),
            ("executors", "SELECT * FROM durable.executors"), ("versions", "SELECT * FROM durable.versions"),
        ]
        let explanations = [
            ("why", "SELECT * FROM durable.why('\(id)')"),
            ("show", "SELECT * FROM durable.workflows WHERE id = '\(id)'"),
            ("steps", "SELECT * FROM durable.steps WHERE workflow_id = '\(id)' ORDER BY scope, position"),
            ("why, waiting", "SELECT * FROM durable.why('live-7')"),
        ]
        return (lists, explanations)
    }

    /// Workflows of twenty types over the last days, with two steps each; one of a hundred has failed.
    private func fill(_ database: BenchServer.Database) async throws {
        func run(_ sql: String) async throws {
            _ = try await database.run(sql)
        }
        try await run(
            "INSERT INTO durable.executor (id, name, host, pid) SELECT gen_random_uuid(), 'web-' || i, 'h', i FROM generate_series(1, 50) AS i"
        )
        let size = 100_000
        for first in stride(from: 1, through: self.size.ended, by: size) {
            let last = min(self.size.ended, first + size - 1)
            try await run(
                """
                WITH made AS MATERIALIZED (
                    SELECT 'wf-' || lpad(i::text, 12, '0') AS id, i, now() - (\(self.size.ended) - i) * interval '1 second' AS at
                    FROM generate_series(\(first), \(last)) AS i
                ), workflow AS (
                    INSERT INTO durable.workflow (id, name, input, created_at) SELECT id, 'type-' || i % 20, '{"order": 17}', at FROM made
                ), journal AS (
                    INSERT INTO durable.journal (workflow_id, scope, position, phase, kind, executor, run, at, name, output)
                    SELECT id, '', p, 0, 1, 1 + i % 50, i, at, 'step', to_json(repeat('x', 60)) FROM made, generate_series(0, 1) AS p
                )
                INSERT INTO durable.outcome (workflow_id, status, executor, run, finished_at, output, error)
                SELECT id, CASE WHEN i % 100 = 0 THEN 'failed' WHEN i % 1000 = 1 THEN 'cancelled' ELSE 'succeeded' END::durable.workflow_state,
                    1 + i % 50, i, at, '10', CASE WHEN i % 100 = 0 THEN '{"type": "Outage", "message": "no reply of 7"}'::json END
                FROM made
                """
            )
            Progress.say("    filled \(last) of \(self.size.ended)")
        }
        try await run(
            """
            WITH w AS (INSERT INTO durable.workflow (id, name) SELECT 'live-' || i, 'type-1' FROM generate_series(1, 1000) AS i RETURNING id)
            INSERT INTO durable.live (workflow_id, name, state, run_at, waiting_for)
            SELECT id, 'type-1', 'waiting', now() + interval '1 day', 'signal approval' FROM w
            """
        )
        try await run("VACUUM (ANALYZE)")
    }
}

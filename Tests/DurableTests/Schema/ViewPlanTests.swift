// SPDX-License-Identifier: Apache-2.0

import DurableTesting
import Libpq
import Testing

@testable import Durable

/// What people ask reads what it needs, with the server's own settings, however large the tables are and whatever the planner knows.
@Suite struct ViewPlanTests {
    enum Tables: String, CaseIterable, CustomTestStringConvertible {
        /// Nothing in them.
        case empty
        /// 50,000 rows, and nothing known about them.
        case unanalysed
        /// 50,000 rows, and known is what they were when they were empty.
        case grown
        /// A million rows, and the planner knows.
        case million
        /// A million rows, and nothing known about them.
        case young

        var testDescription: String { self.rawValue }
    }

    /// What grows with history.
    private static let big = ["workflow", "journal", "outcome", "superseded", "message", "stream", "event", "audit"]

    @Test(arguments: [Tables.empty, .unanalysed, .grown, .million])
    func `no view reads the whole of a large table, or joins with one by a hash`(tables: Tables) async throws {
        try await Self.with(tables) { connection in
            for question in Self.views where tables != .empty || !question.contains("patches") {
                let plan = try await connection.strings("EXPLAIN \(question)").joined(separator: "\n")
                for table in Self.big { #expect(!plan.contains("Seq Scan on \(table)"), "\(question):\n\(plan)") }
                // Processes and versions are few: these join what was counted before.
                if ["executors", "versions", "attention", "patches"].contains(where: {
                    question.contains("durable.\($0)")
                }) {
                    continue
                }
                for join in [
                    "Hash Join", "Hash Right", "Hash Left", "Hash Anti", "Hash Full", "Merge Join", "hashed SubPlan",
                ] {
                    #expect(!plan.contains(join), "\(question):\n\(plan)")
                }
            }
        }
    }

    // Of an empty table there is nothing to read.
    @Test(arguments: [Tables.unanalysed, .grown, .million, .young])
    func `what people type into the view of workflows finds the newest without reading a large table`(tables: Tables)
        async throws
    {
        try await Self.with(tables) { connection in
            for condition in Self.conditions {
                let question = "SELECT * FROM durable.workflows \(condition) ORDER BY created_at DESC LIMIT 20"
                let plan = try await connection.strings("EXPLAIN \(question)").joined(separator: "\n")
                for table in Self.big { #expect(!plan.contains("Seq Scan on \(table)"), "\(question):\n\(plan)") }
                for join in ["Hash", "Merge Join"] { #expect(!plan.contains(join), "\(question):\n\(plan)") }
                guard tables == .million || tables == .young else { continue }
                // That nobody was cancelled is not known beforehand: what is looked for is looked for to the end, through indexes.
                if tables == .young, condition.contains("'cancelled'") { continue }
                // Every hundredth has failed: so many are passed by on the way to twenty, or sorted by who does not know better.
                let read = try await connection.rowsRead(by: question).filter { Self.big.contains($0.key) }
                #expect(read.values.reduce(0, +) <= 25_000, "\(question): \(read)")
            }
        }
    }

    @Test(arguments: [Tables.million, .young])
    func `what is asked from psql is never so dear that the server compiles it first`(tables: Tables) async throws {
        try await Self.with(tables) { connection in
            let threshold = try #require(Double(try await connection.strings("SHOW jit_above_cost").first ?? ""))
            for question in Self.views
                + Self.conditions.map({
                    "SELECT * FROM durable.workflows \($0) ORDER BY created_at DESC LIMIT 20"
                })
            {
                let head = try await connection.strings("EXPLAIN \(question)").first ?? ""
                let cost = try #require(head.firstMatch(of: /\.\.([0-9.]+) rows/)?.output.1)
                #expect(try #require(Double(cost)) < threshold, "\(question): \(head)")
            }
        }
    }

    @Test(arguments: [Tables.empty, .unanalysed, .grown, .million])
    func `what functions read does not grow with the tables`(tables: Tables) async throws {
        try await Self.with(tables) { connection in
            // Without statistics a small table is read once; with them, a hundredth of a large one.
            let limit = tables == .million ? 45_000 : 55_000
            for call in Self.functions {
                try await connection.execute("BEGIN")
                let before = try await Self.rowsRead(connection)
                do {
                    _ = try await connection.query(Query(call))
                } catch {
                    // Of an empty table: there is no such workflow.
                    #expect(tables == .empty, "\(call): \(error)")
                    try await connection.execute("ROLLBACK")
                    continue
                }
                let read = try await Self.rowsRead(connection) - before
                #expect(read <= limit, "\(call)")
                try await connection.execute("ROLLBACK")
            }
        }
    }

    /// How many rows of the large tables this session has read in this transaction.
    private static func rowsRead(_ connection: PostgresConnection) async throws -> Int {
        let sum = try await connection.strings(
            """
            SELECT coalesce(sum(coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0)), 0)::bigint::text
            FROM pg_stat_xact_user_tables
            WHERE schemaname = 'durable' AND relname IN ('workflow', 'journal', 'outcome', 'audit')
            """
        )
        return Int(sum.first ?? "") ?? 0
    }

    // MARK: - Questions

    private static let views = [
        """
        SELECT w.* FROM durable.find(maximum => 51) AS f (id)
        CROSS JOIN LATERAL (SELECT * FROM durable.workflows o WHERE o.id = f.id OFFSET 0) AS w
        ORDER BY w.created_at DESC, w.id DESC
        """,
        "SELECT * FROM durable.workflows WHERE id = 'w-7'",
        "SELECT * FROM durable.steps WHERE workflow_id = 'w-7' ORDER BY scope, position",
        "SELECT * FROM durable.steps WHERE workflow_id = ANY (ARRAY(SELECT durable.find(states => '{running}'))) AND state = 'retrying'",
        "SELECT * FROM durable.payloads WHERE workflow_id = 'w-7'",
        "SELECT * FROM durable.errors", "SELECT * FROM durable.waits", "SELECT * FROM durable.pending",
        "SELECT * FROM durable.executors", "SELECT * FROM durable.versions", "SELECT * FROM durable.attention",
    ]

    /// By which people look for workflows.
    private static let conditions =
        [
            "", "WHERE id = 'w-7'", "WHERE name = 'type-3'", "WHERE parent = 'w-1000'", "WHERE error_type = 'Outage'",
            "WHERE error_type = 'Absent'", "WHERE attributes @> '{\"customer\": \"770\"}'",
            "WHERE state <> 'succeeded'", "WHERE name = 'type-3' AND created_at > now() - interval '1 day'",
        ] + WorkflowState.allCases.map { "WHERE state = '\($0.rawValue)'" }

    private static let functions = [
        "SELECT * FROM durable.why('w-7')", "SELECT * FROM durable.why('live-7')", "SELECT durable.export('w-7')",
        "SELECT durable.find(maximum => 51)", "SELECT durable.find(states => '{failed}', maximum => 51)",
        "SELECT durable.find(states => '{running,waiting}', maximum => 51)",
        "SELECT durable.find(states => '{succeeded,paused}', names => '{type-3}', maximum => 51)",
        "SELECT durable.find(names => '{type-3,type-4}', behind => 'w-7', maximum => 51)",
        "SELECT durable.find(id_prefix => 'w-7777', maximum => 51)",
        "SELECT durable.find(id_prefix => 'absent', maximum => 51)",
        "SELECT durable.find(error_type => 'Absent', maximum => 51)",
        "SELECT durable.find(since => now() - interval '1 minute', maximum => 51)",
        "SELECT durable.prune(100)", "SELECT durable.retry('w-100')", "SELECT durable.rerun('w-7')",
        "SELECT durable.fork('w-7', 0)",
        "SELECT durable.delete_workflow('w-7', 'x')", "SELECT durable.cancel('live-7')",
        "SELECT durable.pause('live-7', 'x')",
        "SELECT durable.signal('live-7', 'x')",
    ]

    private static func with(_ tables: Tables, _ body: (PostgresConnection) async throws -> Void) async throws {
        try await withTestDatabase { database in
            let connection = try await PostgresConnection.connect(database.configuration)
            defer { connection.close() }
            for table in ["workflow", "journal", "outcome", "live", "executor"] {
                try await connection.execute("ALTER TABLE durable.\(unescaped: table) SET (autovacuum_enabled = off)")
            }
            try await connection.execute("SELECT durable.set_retention('1 day')")
            switch tables {
            case .empty: break
            case .unanalysed: try await Self.fill(50_000, connection)
            case .grown:
                try await connection.execute("ANALYZE durable.workflow, durable.journal, durable.outcome, durable.live")
                try await Self.fill(50_000, connection)
            case .young: try await Self.fill(1_000_000, connection)
            case .million:
                try await Self.fill(1_000_000, connection)
                // As autovacuum would.
                try await connection.execute(
                    "VACUUM (ANALYZE) durable.workflow, durable.journal, durable.outcome, durable.live"
                )
            }
            try await body(connection)
        }
    }

    private static func fill(_ count: Int, _ connection: PostgresConnection) async throws {
        try await connection.execute(
            """
            WITH made AS MATERIALIZED (
                SELECT 'w-' || i AS id, i, now() - (\(count) - i) * interval '10 seconds' AS at FROM generate_series(1, \(count)) AS i
            ), workflow AS (
                INSERT INTO durable.workflow (id, name, created_at, parent, attributes)
                SELECT id, 'type-' || i % 20, at, CASE WHEN i % 1000 = 1 THEN 'w-' || i - 1 END,
                       CASE WHEN i % 10 = 0 THEN jsonb_build_object('customer', i::text) END
                FROM made
            ), journal AS (
                INSERT INTO durable.journal (workflow_id, scope, position, phase, kind, executor, run, at, name)
                SELECT id, '', 0, 0, 1, 1, i, at, 'step' FROM made
            )
            INSERT INTO durable.outcome (workflow_id, status, finished_at, error)
            SELECT id, CASE WHEN i % 100 = 0 THEN 'failed' ELSE 'succeeded' END::durable.workflow_state, at,
                   CASE WHEN i % 100 = 0 THEN '{"type":"Outage","message":"x"}'::json END
            FROM made
            """
        )
        try await connection.execute(
            """
            WITH w AS (
                INSERT INTO durable.workflow (id, name) SELECT 'live-' || i, 'type-3' FROM generate_series(1, 500) AS i RETURNING id
            )
            INSERT INTO durable.live (workflow_id, name, state, run_at) SELECT id, 'type-3', 'waiting', now() + interval '1 day' FROM w
            """
        )
    }
}

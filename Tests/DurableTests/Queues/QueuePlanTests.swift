// SPDX-License-Identifier: Apache-2.0

import Libpq
import Testing

@testable import Durable

/// What a process says at every poll and for every workflow, with the settings of its sessions: no table is read from end to end, and none is
/// hashed, on tables that are empty, were never analysed, have grown since, or hold a million rows.
@Suite struct QueuePlanTests {
    enum Size: String, CaseIterable, CustomTestStringConvertible {
        case empty, unanalysed, grown, million

        var testDescription: String { self.rawValue }
    }

    @Test(arguments: Size.allCases)
    func `no hot statement reads a whole table or hashes one`(size: Size) async throws {
        try await ExecutorFixture.run { fixture in
            try await Self.fill(size, fixture)
            for (setting, value) in PostgresConfiguration("").forEngine().settings {
                try await fixture.sql("SELECT set_config('\(setting)', '\(value)', false)")
            }
            let all = fixture.statements
            let lineage = all.journal.lineage
            let statements: [(String, StatementText)] = [
                ("claim", all.claims.unlimited), ("claim of a limited queue", all.claims.limited),
                ("waiting queues", all.claims.waitingQueues), ("poll", all.poll.look),
                ("dead executors", all.recovery.deadExecutors), ("free", all.recovery.free),
                ("owned", all.recovery.owned), ("release of orphans", all.recovery.release),
                ("clear activity", all.recovery.clearActivity), ("stirred", all.waking.stirred),
                ("start", all.journal.start), ("guarded start", all.journal.guardedStart),
                ("record", all.journal.record), ("lone record", all.journal.fencedRecord),
                ("lone record over a held fence", all.journal.heldRecord), ("outcome", all.journal.outcome),
                ("outcome of a child", lineage.childOutcome), ("release", all.journal.release),
                ("children", lineage.children), ("requested", lineage.requested),
                ("cancel children", lineage.cancelChildren),
            ]
            for (name, text) in statements {
                // Short transactions say this besides; a lone look does not, and needs it no more than they do.
                for bitmap in name == "poll" ? ["on", "off"] : ["off"] {
                    try await fixture.sql("SELECT set_config('enable_bitmapscan', '\(bitmap)', false)")
                    let plan = try await Self.plan(of: text, in: fixture)
                    // What grows; leases, activities and paused types are a few rows.
                    for table in ["live", "workflow", "journal", "outcome", "inbox", "cancellation", "ended_child"] {
                        #expect(!plan.contains("Seq Scan on \(table) "), "\(name): \(plan)")
                        #expect(!plan.contains("Bitmap Heap Scan on \(table) "), "\(name): \(plan)")
                    }
                    #expect(!plan.contains("Hash Join") && !plan.contains("Hash Semi"), "\(name): \(plan)")
                    #expect(!plan.contains("Merge Join"), "\(name): \(plan)")
                }
            }
        }
    }

    @Test func `on a million rows a poll, a claim and a router's turn touch few pages`() async throws {
        try await ExecutorFixture.run { fixture in
            try await Self.fill(.million, fixture)
            for (setting, value) in PostgresConfiguration("").forEngine().settings {
                try await fixture.sql("SELECT set_config('\(setting)', '\(value)', false)")
            }
            try await fixture.sql("SELECT set_config('enable_bitmapscan', 'off', false)")
            let offers = "'{w0,w1,w2,absent}', '{1,1,1,1}'"
            try await Self.prepare("claim", fixture.statements.claims.unlimited, in: fixture)
            try await Self.prepare("narrow", fixture.statements.claims.limited, in: fixture)
            try await Self.prepare("waiting", fixture.statements.claims.waitingQueues, in: fixture)
            try await Self.prepare("look", fixture.statements.poll.look, in: fixture)
            try await Self.prepare("free", fixture.statements.recovery.free, in: fixture)
            // A look goes through 45 piles, twice.
            for (name, call, pages) in [
                ("look", "look", 800), ("claim", "claim (1, 1, \(offers), 10, 1, '{1,2,3,4,5,6,7,8,9,10}')", 600),
                ("narrow", "narrow (1, 1, \(offers), 10, 1, '{1,2,3,4,5,6,7,8,9,10}', 'narrow')", 600),
                ("waiting", "waiting (1, \(offers))", 400), ("free", "free (2, 10, 10)", 800),
                ("route", "SELECT * FROM durable.route(100)", 2_000),
                ("why", "SELECT * FROM durable.why('w-900000')", 40_000),
                ("enqueue", "SELECT * FROM durable.enqueue('w0', '1', version => 1)", 600),
            ] {
                let isQuery = call.hasPrefix("SELECT")
                let plan: [String] = try await fixture.column(
                    "EXPLAIN (ANALYZE, BUFFERS, COSTS OFF, TIMING OFF) \(isQuery ? call : "EXECUTE \(call)")"
                )
                let buffers = try #require(plan.first { $0.contains("Buffers:") }, "\(name): \(plan)")
                let read = buffers.matches(of: /(hit|read)=(\d+)/).reduce(0) { $0 + (Int($1.2) ?? 0) }
                #expect(read <= pages, "\(name) touches \(read) pages: \(plan.joined(separator: "\n"))")
            }
        }
    }

    // MARK: - Tables

    private static func fill(_ size: Size, _ fixture: ExecutorFixture) async throws {
        try await fixture.sql("SELECT durable.set_queue('narrow', 10, 5)")
        for table in ["live", "workflow", "journal", "outcome", "inbox", "cancellation"] {
            try await fixture.sql("ALTER TABLE durable.\(table) SET (autovacuum_enabled = off)")
        }
        switch size {
        case .empty: break
        case .unanalysed: try await self.insert(1...20_000, fixture)
        case .grown:
            try await self.insert(1...200, fixture)
            try await fixture.sql("ANALYZE")
            try await self.insert(201...50_000, fixture)
        case .million:
            try await self.insert(1...1_000_000, fixture)
            try await fixture.sql("VACUUM ANALYZE durable.live")
            try await fixture.sql("ANALYZE")
        }
    }

    /// A tenth is owned by a few processes, a tenth sleeps, and the rest waits: in no queue, in one without limits, and in one with some.
    private static func insert(_ ids: ClosedRange<Int>, _ fixture: ExecutorFixture) async throws {
        let rows = "generate_series(\(ids.lowerBound), \(ids.upperBound)) AS i"
        try await fixture.sql("INSERT INTO durable.workflow (id, name) SELECT 'w-' || i, 'w' || i % 5 FROM \(rows)")
        try await fixture.sql(
            """
            INSERT INTO durable.live (workflow_id, name, state, executor, epoch, run, run_at, begun, priority, queue)
            SELECT 'w-' || i, 'w' || i % 5, (CASE i % 10 WHEN 0 THEN 'running' WHEN 1 THEN 'waiting' ELSE 'queued' END)::durable.workflow_state,
                CASE WHEN i % 10 = 0 THEN 2 + i % 3 END, CASE WHEN i % 10 = 0 THEN 1 END, CASE WHEN i % 10 = 0 THEN i END,
                CASE WHEN i % 10 = 1 THEN '2100-01-01' ELSE '2020-01-01'::timestamptz + i * interval '1 millisecond' END,
                i % 10 = 1, i % 3, CASE i % 4 WHEN 0 THEN 'narrow' WHEN 1 THEN '' ELSE 'default' END
            FROM \(rows)
            """
        )
        try await fixture.sql(
            """
            INSERT INTO durable.inbox (workflow_id, kind, name) SELECT 'w-' || i, 'message', 'm' FROM \(rows) WHERE i % 100 = 0
            """
        )
    }

    private static func prepare(_ name: String, _ text: StatementText, in fixture: ExecutorFixture) async throws {
        let types = text.types.map(\.description).joined(separator: ", ")
        try await fixture.sql("PREPARE \(name)\(types.isEmpty ? "" : " (\(types))") AS \(text.sql)")
    }

    private static func plan(of text: StatementText, in fixture: ExecutorFixture) async throws -> String {
        try await self.prepare("plan", text, in: fixture)
        let arguments = text.types.map { _ in "NULL" }.joined(separator: ", ")
        let lines: [String] = try await fixture.column(
            "EXPLAIN EXECUTE \(arguments.isEmpty ? "plan" : "plan (\(arguments))")"
        )
        try await fixture.sql("DEALLOCATE plan")
        return lines.joined(separator: "\n")
    }
}

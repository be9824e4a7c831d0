// SPDX-License-Identifier: Apache-2.0

import DurableTesting
import Libpq
import Testing

@testable import Durable

/// What children, cancellation and continuations read, they reach through an index, however large the tables have grown.
@Suite struct LineagePlanTests {
    /// A parent with many children, of which half wait for their turn, among many others.
    private static let rows = [
        "INSERT INTO durable.workflow (id, name, parent) SELECT 'c-' || i, 'c', 'p' FROM generate_series(1, 20000) i",
        "INSERT INTO durable.workflow (id, name) SELECT 'w-' || i, 'w' FROM generate_series(1, 20000) i",
        "INSERT INTO durable.workflow (id, name) VALUES ('p', 'p')",
        """
        INSERT INTO durable.live (workflow_id, name, state, run_at, parent, place, follows)
        SELECT 'c-' || i, 'c', 'queued', CASE WHEN i > 10000 THEN 'infinity'::timestamptz ELSE now() END, 'p', 'p/0', true
        FROM generate_series(1, 20000) i
        """,
        """
        INSERT INTO durable.live (workflow_id, name, state, executor, epoch, run)
        SELECT 'w-' || i, 'w', 'running', i % 10, 1, i FROM generate_series(1, 20000) i
        """,
        """
        INSERT INTO durable.live (workflow_id, name, state, executor, epoch, run, mailbox)
        VALUES ('p', 'p', 'running', 1, 1, 1, 0)
        """,
        """
        INSERT INTO durable.child_group (parent, place, concurrency, tolerated, released)
        SELECT 'w-' || i, 'w-' || i || '/0', 5, 0, 5 FROM generate_series(1, 20000) i
        """,
        """
        INSERT INTO durable.child_group (parent, place, concurrency, tolerated, released) VALUES ('p', 'p/0', 10000, 5, 10000)
        """,
        "INSERT INTO durable.outcome (workflow_id, status) SELECT 'o-' || i, 'succeeded' FROM generate_series(1, 20000) i",
        """
        INSERT INTO durable.journal (workflow_id, scope, position, phase, kind, executor, run, name)
        SELECT 'w-' || i % 1000, '', i, 0, 1, 1, 1, 's' FROM generate_series(1, 20000) i
        """,
        """
        INSERT INTO durable.stream (workflow_id, name, scope, position, number)
        SELECT 'w-' || i % 100, 's', '', 0, i FROM generate_series(1, 20000) i
        """,
    ]

    private func withSession(
        isAnalysed: Bool = true,
        _ body: (PostgresConnection) async throws -> Void
    ) async throws {
        try await withTestDatabase { database in
            let session = try await PostgresConnection.connect(database.configuration.forEngine())
            defer { session.close() }
            // The server may analyse these tables by itself at the same time, and is waited for.
            try await session.execute("SET lock_timeout = 0")
            for sql in Self.rows { try await session.execute(Query(sql)) }
            if isAnalysed { try await session.execute("ANALYZE") }
            try await body(session)
        }
    }

    @Test(arguments: [false, true]) func `no statement of a run reads a whole table`(isAnalysed: Bool) async throws {
        try await self.withSession(isAnalysed: isAnalysed) { session in
            // Requests are few, and are removed as they are carried out; here they are many, of others.
            try await session.execute(
                "INSERT INTO durable.cancellation (workflow_id) SELECT 'w-' || i FROM generate_series(1, 20000) i"
            )
            if isAnalysed { try await session.execute("ANALYZE durable.cancellation") }
            let lineage = LineageStatements(schema: .standard)
            let journal = JournalStatements(schema: .standard)
            let statements: [(String, StatementText)] = [
                ("children", lineage.children), ("groups", lineage.groups),
                ("cancelChildren", lineage.cancelChildren), ("cancellationTaken", lineage.cancellationTaken),
                ("childOutcome", lineage.childOutcome), ("requests", lineage.requests), ("isLeft", lineage.isLeft),
                ("outcomes", lineage.outcomes), ("ownedRecord", journal.ownedRecord),
                ("release", journal.release), ("outcome", journal.outcome), ("owners", journal.owners),
            ]
            for (name, text) in statements {
                let plan = try await QueryPlan(of: text, on: session)
                #expect(plan.wholeScans.isEmpty, "\(name): \(plan)")
            }
            let children = try await QueryPlan(of: lineage.children, on: session)
            #expect(
                children.lines.count { $0.contains("hashed SubPlan") } == 2,
                "each child is looked up, and not compared with every other: \(children)"
            )
        }
    }

    @Test func `ends of children are counted in a few rows, and give as many others their turn`() async throws {
        try await self.withSession { session in
            try await session.execute(
                "INSERT INTO durable.ended_child (parent, place, ended, failed) VALUES ('p', 'p/0', 3, 0)"
            )
            let read = try await session.rowsRead(by: "SELECT * FROM durable.route_children(1000)")
            #expect(read["live", default: 0] <= 20, "\(read)")
            #expect(read["child_group", default: 0] <= 10, "\(read)")
            #expect(read.values.reduce(0, +) <= 60, "\(read)")
        }
    }

    @Test func `closing a group reads the group, and what is left of it`() async throws {
        try await self.withSession { session in
            let close = "SELECT durable.close_child_groups('{w-1,w-2}', '{w-1/0,w-2/0}', '{1,2}')"
            let read = try await session.rowsRead(by: close)
            #expect(read.values.reduce(0, +) <= 20, "\(read)")
        }
    }

    @Test func `carrying requests reads what was asked for, and as many workflows`() async throws {
        try await self.withSession { session in
            try await session.execute(
                "INSERT INTO durable.cancellation (workflow_id) VALUES ('c-1'), ('w-1'), ('gone')"
            )
            let carried = try await session.rowsRead(by: "SELECT * FROM durable.route_cancellations(1000)")
            #expect(carried.values.reduce(0, +) <= 60, "\(carried)")
            let requested = LineageStatements(schema: .standard).requested.sql.replacing("$1", with: "1")
            let looked = try await session.rowsRead(by: requested)
            #expect(looked.values.reduce(0, +) <= 20, "\(looked)")
        }
    }

    @Test func `a new beginning reads the workflow's own rows`() async throws {
        try await self.withSession { session in
            let read = try await session.rowsRead(
                by: "SELECT durable.continue_as_new('{w-1}', '{-1}', '{1}', '{2026-01-01}', ARRAY['1'::json], 1)"
            )
            // Twenty records, two hundred elements of its stream.
            #expect(read["journal", default: 0] <= 30, "\(read)")
            #expect(read["stream", default: 0] <= 450, "\(read)")
            #expect(read["live", default: 0] <= 5, "\(read)")
        }
    }
}

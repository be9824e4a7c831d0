// SPDX-License-Identifier: Apache-2.0

import Libpq
import Testing

@testable import Durable

/// Every statement that touches `live` reaches it through an index, with and without statistics: tables grow, plans stay.
@Suite struct PlanTests {
    @Test(arguments: [false, true]) func `no statement reads the whole of live`(isAnalysed: Bool) async throws {
        try await ExecutorFixture.run { fixture in
            try await fixture.sql("ALTER TABLE durable.live SET (autovacuum_enabled = off)")
            let owner = try await fixture.stranger()
            try await fixture.workflows(1...50_000)
            try await fixture.workflows(50_001...100_000, name: "x", state: "running", owner: owner)
            if isAnalysed { try await fixture.sql("ANALYZE durable.live") }
            // What every transaction of the engine says.
            try await fixture.sql("SET enable_bitmapscan = off")

            let (recovery, claims) = (fixture.statements.recovery, fixture.statements.claims)
            let statements: [(String, StatementText, index: String)] = [
                ("deadExecutors", recovery.deadExecutors, "live_owner"),
                ("free", recovery.free, "live_owner"),
                ("claim", claims.unlimited, "live_due"),
                ("claim of a suspect", claims.unlimited, "live_suspect"),
                ("owned", recovery.owned, "live_owner"),
                ("release", recovery.release, "live_pkey"),
                ("look", fixture.statements.poll.look, "live_due"),
                ("queue depth", QueueGauges.statement(schema: try SchemaName("durable")), "live_due"),
            ]
            for (name, statement, index) in statements {
                let plan = try await Self.plan(of: statement, in: fixture)
                #expect(!plan.contains("Seq Scan on live"), "\(name): \(plan)")
                #expect(plan.contains(index), "\(name): \(plan)")
            }
        }
    }

    @Test func `a claim reads about as many rows as it takes, however many are due`() async throws {
        try await ExecutorFixture.run { fixture in
            try await fixture.workflows(1...50_000)
            try await fixture.workflows(1...50_000, name: "x")
            try await fixture.sql("SET enable_bitmapscan = off")
            let text = fixture.statements.claims.unlimited
            try await fixture.sql(
                "PREPARE claim (\(text.types.map(\.description).joined(separator: ", "))) AS \(text.sql)"
            )
            let plan: [String] = try await fixture.column(
                """
                EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF)
                EXECUTE claim (1, 1, '{w,x}', '{1,1}', 5, 1, '{1,2,3,4,5}')
                """
            )
            let scans = plan.filter { $0.contains(" on live ") && $0.contains("actual") }
            #expect(!scans.isEmpty)
            for scan in scans {
                // From Postgres 18 on with two decimals.
                let rows = try #require(scan.firstMatch(of: /rows=(\d+)(?:\.\d+)? loops=(\d+)/), "\(scan)")
                #expect((Int(rows.1) ?? .max) <= 5, "\(scan)")
            }
            let onLive = plan.indices.filter { plan[$0].contains(" on live ") }
            for index in onLive {
                let next = plan[(index + 1)...].prefix { !$0.contains("->") }
                #expect(!next.contains { $0.contains("Rows Removed by Filter") }, "\(plan.joined(separator: "\n"))")
            }
        }
    }

    private static func plan(of text: StatementText, in fixture: ExecutorFixture) async throws -> String {
        let types = text.types.map(\.description).joined(separator: ", ")
        let arguments = text.types.map { _ in "NULL" }.joined(separator: ", ")
        try await fixture.sql("PREPARE plan\(types.isEmpty ? "" : " (\(types))") AS \(text.sql)")
        let call = arguments.isEmpty ? "plan" : "plan (\(arguments))"
        let lines: [String] = try await fixture.column("EXPLAIN EXECUTE \(call)")
        try await fixture.sql("DEALLOCATE plan")
        return lines.joined(separator: "\n")
    }
}

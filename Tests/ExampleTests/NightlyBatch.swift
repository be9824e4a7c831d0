// SPDX-License-Identifier: Apache-2.0

import DurableMacros
import DurableTesting
import Testing

/// Goes through a large table in transactions of a thousand rows: each commits its rows together with the place to go on from.
@Workflow("nightly-batch")
struct NightlyBatch {
    func run(in workflow: WorkflowContext) async throws -> Int {
        var (last, done) = (0, 0)
        while true {
            let chunk = try await self.close(after: last, in: workflow)
            done += chunk.rows
            guard let next = chunk.last else { return done }
            last = next
        }
    }

    struct Chunk: Codable, Sendable {
        var rows: Int
        /// Nil when nothing is left.
        var last: Int?
    }

    @Transaction
    func close(after last: Int, in transaction: Transaction) async throws -> Chunk {
        let rows = try await transaction.query(
            """
            UPDATE account SET interest = balance / 100, closings = closings + 1
            WHERE id IN (SELECT id FROM account WHERE id > \(last) ORDER BY id LIMIT 1000)
            RETURNING id
            """
        )
        let ids = try rows.map { try $0.decode(0, as: Int.self) }
        return Chunk(rows: ids.count, last: ids.max())
    }
}

@Suite struct NightlyBatchTests {
    @Test func `50,000 rows are closed once each, also when the process dies in the middle`() async throws {
        try await withTestEngine(
            [NightlyBatch()],
            prepare: {
                try await $0.execute(
                    """
                    CREATE TABLE account (
                        id bigint PRIMARY KEY, balance bigint, interest bigint, closings integer DEFAULT 0)
                    """,
                    "INSERT INTO account (id, balance) SELECT i, i FROM generate_series(1, 50000) AS i"
                )
            }
        ) { test in
            try await test.start(NightlyBatch.self, id: "tonight")
            while try await test.database.number("SELECT count(*) FROM durable.journal WHERE phase = 0") < 10 {
                try await Task.sleep(for: .milliseconds(2))
            }
            try await test.crash()
            try await test.boot([NightlyBatch()])
            #expect(try await test.result(of: NightlyBatch.self, "tonight") == 50_000)
            #expect(try await test.database.number("SELECT count(*) FROM account WHERE closings = 1") == 50_000)
        }
    }
}

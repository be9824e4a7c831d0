// SPDX-License-Identifier: Apache-2.0

import DurableTesting
import Libpq
import Testing

@testable import Durable

@Suite struct BulkStartTests {
    private typealias Doubling = Program<Int, Int>

    private let program = Program<Int, Int> { input, workflow in try await workflow.step("double") { _ in input * 2 } }

    @Test func `a hundred thousand are started in one call`() async throws {
        try await withTestDatabase { database in
            let client = try DurableClient(database: database.configuration)
            defer { client.shutdown() }
            let ids = (0..<100_000).map { "bulk-\($0)" }
            let outcomes = try await client.enqueueAll(Doubling.self, Array(0..<100_000), ids: ids)
            #expect(outcomes.count == 100_000)
            #expect(outcomes.allSatisfy { $0.result == .started })
            #expect(outcomes.map(\.id) == ids)
            // Again, by a session whose planner may neither hash nor merge.
            let again = try await client.enqueueAll(Doubling.self, Array(0..<100_000), ids: ids)
            #expect(again.allSatisfy { $0.result == .existing })
            #expect(
                try await database.rows(
                    """
                    SELECT concat_ws('|', count(*), count(DISTINCT run_at), min(l.queue),
                        bool_and(w.input::text = split_part(w.id, '-', 2)))
                    FROM durable.live l JOIN durable.workflow w ON w.id = l.workflow_id
                    """
                ) == ["100000|100000|default|t"]
            )
        }
    }

    @Test func `each item has its outcome, and the others start`() async throws {
        let options = EngineOptions.test.with { $0.payloadLimit = 64 }
        let texts = Program<String, Int> { input, _ in input.count }
        try await withEngine([texts], options) { engine, database in
            try await engine.enqueue(Other.self, Nothing(), id: "other")
            try await engine.enqueue(Program<String, Int>.self, "x", id: "same")
            let outcomes = try await engine.enqueueAll(
                Program<String, Int>.self,
                ["x", "x", "y", String(repeating: "x", count: 100), "z", "q\"\\,{}NULL", "w", "v"],
                ids: ["same", "other", "same", "large", "", "quoted", "twice", "twice"]
            )
            #expect(outcomes[0].result == .existing)
            #expect(outcomes[1].result == .refused("the id is taken by a workflow \"other\""))
            #expect(outcomes[2].result == .refused("it was started with another input"))
            guard case .refused(let size) = outcomes[3].result else { throw NeverHappened(what: "a refusal") }
            #expect(size.contains("102 bytes") && size.contains("64"))
            #expect(outcomes[4].result == .refused("The workflow id is empty."))
            #expect(outcomes[5].result == .started)
            #expect(outcomes[6].result == .started)
            #expect(outcomes[7].result == .refused("it was started with another input"))
            #expect(try await engine.handle(Program<String, Int>.self, id: "quoted").result() == 10)
            #expect(try await engine.handle(Program<String, Int>.self, id: "twice").result() == 1)
            #expect(try await database.text("SELECT count(*)::text FROM durable.workflow") == "4")
            var existing = EnqueueOptions()
            existing.onDuplicate = .returnExisting
            let webhook = try await engine.enqueueAll(
                Program<String, Int>.self,
                ["y"],
                ids: ["same"],
                options: existing
            )
            #expect(webhook.map(\.result) == [.existing])
            #expect(try await engine.enqueueAll(Program<String, Int>.self, []).isEmpty)
        }
    }

    @Test func `in a transaction of the caller's own they start when it commits, and not when it rolls back`()
        async throws
    {
        try await withEngine([self.program]) { engine, database in
            let client = try DurableClient(database: database.configuration)
            defer { client.shutdown() }
            let pool = PostgresPool(database.configuration)
            defer { pool.shutdown() }
            await #expect(throws: Outage.self) {
                try await pool.withTransaction { transaction in
                    try await engine.enqueue(Doubling.self, 1, id: "never", in: transaction)
                    try await client.enqueueAll(Doubling.self, [1, 2], ids: ["never-1", "never-2"], in: transaction)
                    throw Outage()
                }
            }
            #expect(try await database.text("SELECT count(*)::text FROM durable.workflow") == "0")
            let outcomes = try await pool.withTransaction { transaction -> [EnqueueOutcome] in
                let handle = try await engine.enqueue(Doubling.self, 1, id: "one", in: transaction)
                #expect(handle.isNew)
                return try await client.enqueueAll(
                    Doubling.self,
                    [2, 3],
                    ids: ["two", "a \"b\" \\ {c}"],
                    in: transaction
                )
            }
            #expect(outcomes.map(\.result) == [.started, .started])
            #expect(try await engine.handle(Doubling.self, id: "one").result() == 2)
            #expect(try await engine.handle(Doubling.self, id: "a \"b\" \\ {c}").result() == 6)
        }
    }

    @Test func `a transaction step starts them with its own rows`() async throws {
        let outer = Plain<String> { _, workflow in
            try await workflow.transaction("order") { transaction in
                try await transaction.execute("INSERT INTO orders VALUES ('a')")
                try await transaction.enqueue(Other.self, Nothing(), id: "other-1")
                let outcomes = try await transaction.enqueueAll(
                    Other.self,
                    [Nothing(), Nothing()],
                    ids: ["other-1", "other-2"]
                )
                return outcomes.map { "\($0.id) \($0.result)" }.joined(separator: ", ")
            }
        }
        try await withEngine([outer, Other()]) { engine, database in
            try await database.execute("CREATE TABLE orders (id text)")
            let words = try await engine.start(Plain<String>.self, id: "outer").result()
            #expect(words == "other-1 existing, other-2 started")
            for id in ["other-1", "other-2"] {
                #expect(try await engine.handle(Other.self, id: id).result() == "other")
            }
        }
    }

    @Test func `arrays are written as Postgres reads them`() {
        #expect(EnqueueRequest.array([]) == "{}")
        #expect(EnqueueRequest.array(["a", nil, "NULL", "", "\"\\,{}"]) == #"{"a",NULL,"NULL","","\"\\,{}"}"#)
    }
}

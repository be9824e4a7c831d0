// SPDX-License-Identifier: Apache-2.0

import DurableTesting
import Libpq
import Testing

@testable import Durable

@Suite struct ForeignTransactionTests {
    private static let begin = "SELECT durable.begin_step(1, 1, durable.incarnation(), 'w', '', 0, 7)::text"
    private static let record =
        "SELECT (durable.record_step(1, 'w', '', 0, 7, 'reserve', '{\"a\" : 1}') <= durable.clock())::text"

    @Test(arguments: ["READ COMMITTED", "REPEATABLE READ", "SERIALIZABLE"])
    func `business rows and checkpoint commit together, and the pair says when a place is recorded`(level: String)
        async throws
    {
        try await withTestDatabase { database in
            let session = try await Self.session(database)
            try await session.run("BEGIN ISOLATION LEVEL \(level)")
            #expect(try await session.run(Self.begin) == "true")
            try await session.run("INSERT INTO reservation VALUES ('sku')")
            #expect(try await session.run(Self.record) == "true")
            try await session.run("COMMIT")
            let recorded = try await session.run(
                "SELECT concat_ws('|', kind, phase, attempt, executor, run, name, output, (SELECT count(*) FROM reservation)) FROM durable.journal"
            )
            #expect(recorded == "2|0|1|1|7|reserve|{\"a\" : 1}|1")

            // The reply to the COMMIT was lost, and the same run asks again.
            try await session.run("BEGIN ISOLATION LEVEL \(level)")
            #expect(try await session.run(Self.begin) == "false")
            try await session.run("ROLLBACK")

            // A run that has superseded it, and the run that it has superseded.
            try await session.run("UPDATE durable.live SET run = 8")
            await expectRefusal(
                "DU004",
                "position 0 of scope \"\" of workflow \"w\" is already recorded by another run"
            ) {
                try await session.run("SELECT durable.begin_step(1, 1, durable.incarnation(), 'w', '', 0, 8)::text")
            }
            await expectRefusal("DU004", "workflow \"w\" is not owned by this run") {
                try await session.run("SELECT durable.begin_step(1, 1, durable.incarnation(), 'w', '', 1, 7)::text")
            }
            await expectRefusal("DU001", "executor 1 was superseded") {
                try await session.run("SELECT durable.begin_step(1, 2, durable.incarnation(), 'w', '', 1, 8)::text")
            }
        }
    }

    @Test func `of two transactions at one place the second fails, with its business rows`() async throws {
        try await withTestDatabase { database in
            let first = try await Self.session(database)
            let second = try await FenceSession(database)
            let observer = try await FenceSession(database)
            for session in [first, second] {
                try await session.run("BEGIN")
                #expect(try await session.run(Self.begin) == "true")
                try await session.run("INSERT INTO reservation VALUES ('sku')")
            }
            try await first.run(Self.record)
            let recorded = Task { try await second.run(Self.record) }
            try await second.isWaiting(seenFrom: observer)
            try await first.run("COMMIT")
            await expectRefusal("23505", "journal_pkey") { _ = try await recorded.value }
            // A failed transaction answers its COMMIT without an error: only the tag says what happened.
            let answer = try await second.connection.run(Pipeline([Statement("COMMIT")]))
            #expect(answer.last?.tag == "ROLLBACK")
            #expect(try await observer.run("SELECT count(*)::text FROM reservation") == "1")
        }
    }

    private static func session(_ database: TestDatabase) async throws -> FenceSession {
        let session = try await FenceSession(database)
        try await session.register()
        for statement in [
            "CREATE TABLE reservation (sku text)",
            "INSERT INTO durable.workflow (id, name) VALUES ('w', 'checkout')",
            "INSERT INTO durable.live (workflow_id, name, state, executor, epoch, run) VALUES ('w', 'checkout', 'running', 1, 1, 7)",
        ] { try await session.run(statement) }
        return session
    }
}

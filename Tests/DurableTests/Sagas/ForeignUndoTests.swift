// SPDX-License-Identifier: Apache-2.0

import DurableTesting
import Libpq
import Testing

@testable import Durable

/// Undos of transactions on a connection of the service's own library.
@Suite struct ForeignUndoTests {
    @Test func `a transaction of another library is undone by one of the same library, once, when the workflow fails`()
        async throws
    {
        try await withDatabase { database in
            try await database.execute("CREATE TABLE seat (trip text, was text)")
            let pool = PostgresPool(database.configuration)
            defer { pool.shutdown() }
            let adapter = PoolAdapter(pool)
            let program = Plain<Nothing> { _, workflow in
                try await workflow.transaction("reserve", on: adapter) { connection in
                    _ = try await connection.run("INSERT INTO seat (trip) VALUES ($1)", ["rome"])
                    return "rome"
                } undo: { trip, connection in
                    _ = try await connection.run("UPDATE seat SET was = trip, trip = NULL WHERE trip = $1", [trip])
                }
                try await workflow.transaction("note", on: adapter) { connection in
                    _ = try await connection.run("INSERT INTO seat (trip) VALUES ('note')", [])
                } undo: { connection in
                    _ = try await connection.run("DELETE FROM seat WHERE trip = 'note'", [])
                }
                do {
                    try await workflow.transaction("refused", on: adapter) { connection in
                        _ = try await connection.run("INSERT INTO seat (nothing) VALUES (1)", [])
                    } undo: { connection in
                        _ = try await connection.run("INSERT INTO seat (trip) VALUES ('never')", [])
                    }
                } catch is StepFailure {}
                // Parks, so that what is undone is found by a replay.
                try await workflow.sleep(for: .milliseconds(20))
                throw CardRefused(reason: "empty")
            }
            try await database.withEngine([program], .replaying) { engine in
                let handle = try await engine.start(Plain<Nothing>.self, id: "a")
                await #expect(throws: CardRefused.self) { try await handle.result() }
                #expect(
                    try await database.text("SELECT string_agg(concat_ws('|', trip, was), ' ') FROM seat") == "rome"
                )
                #expect(
                    try await database.journal(of: "a").filter { $0.hasPrefix("undo/") }
                        == ["undo/0|0|0|undo reserve", "undo/1|0|0|undo note"]
                )
                #expect(
                    try await database.text(
                        "SELECT string_agg(DISTINCT kind::text, ' ') FROM durable.journal WHERE scope LIKE 'undo/%'"
                    ) == "2",
                    "they are transactions"
                )
            }
        }
    }

    @Test func `an undo that fails pauses the workflow, and goes on when it is resumed`() async throws {
        try await withDatabase { database in
            let pool = PostgresPool(database.configuration)
            defer { pool.shutdown() }
            let adapter = PoolAdapter(pool)
            let program = Plain<Nothing> { _, workflow in
                try await workflow.transaction("reserve", on: adapter, undoRetry: .never) { _ in
                } undo: { connection in
                    _ = try await connection.run("INSERT INTO cancelled (trip) VALUES ('rome')", [])
                }
                throw CardRefused(reason: "empty")
            }
            try await database.withEngine([program]) { engine in
                let handle = try await engine.start(Plain<Nothing>.self, id: "a")
                try await database.waitFor(.paused, of: "a")
                #expect(try await handle.status().reason == .undoFailed)
                try await database.execute("CREATE TABLE cancelled (trip text)")
                let operations = try await engine.operations
                try await operations.resume("a")
                await #expect(throws: CardRefused.self) { try await handle.result() }
                #expect(try await database.text("SELECT count(*)::text FROM cancelled") == "1")
            }
        }
    }
}

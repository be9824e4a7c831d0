// SPDX-License-Identifier: Apache-2.0

import DurableTesting
import Libpq
import Testing

@testable import Durable

/// What waking and messages read, they reach through an index, however large the tables have grown.
@Suite struct WakePlanTests {
    private static let rows = [
        """
        INSERT INTO durable.live (workflow_id, name, state, executor, epoch, run)
        SELECT 'w-' || i, 'w', 'running', 1, 1, i FROM generate_series(1, 20000) i
        """,
        "INSERT INTO durable.workflow (id, name) SELECT 'w-' || i, 'w' FROM generate_series(1, 20000) i",
        """
        INSERT INTO durable.message (workflow_id, name, body)
        SELECT 'w-' || i % 1000, 'n' || i % 3, '1' FROM generate_series(1, 20000) i
        """,
        "INSERT INTO durable.event (name, key) SELECT 'e' || i % 100, 'k' FROM generate_series(1, 20000) i",
        """
        INSERT INTO durable.subscription (workflow_id, scope, position, name)
        SELECT 'w-' || i, '', 0, 'e' || i % 100 FROM generate_series(1, 20000) i
        """,
        """
        INSERT INTO durable.stream (workflow_id, name, scope, position, number)
        SELECT 'w-' || i % 100, 's', '', 0, i FROM generate_series(1, 20000) i
        """,
        "INSERT INTO durable.update_request (workflow_id, id, name) SELECT 'w-' || i, 'u', 'n' FROM generate_series(2, 20000) i",
        "INSERT INTO durable.token (id, workflow_id, name) SELECT i::text, 'w-1', 't' FROM generate_series(1, 20000) i",
    ]

    @Test(arguments: [false, true]) func `no hot statement reads a whole table`(isAnalysed: Bool) async throws {
        try await withTestDatabase { database in
            let session = try await PostgresConnection.connect(database.configuration.forEngine())
            defer { session.close() }
            // The server may analyse these tables by itself at the same time, and is waited for.
            try await session.execute("SET lock_timeout = 0")
            for sql in Self.rows { try await session.execute(Query(sql)) }
            if isAnalysed { try await session.execute("ANALYZE") }
            let messages = MessageStatements(schema: .standard)
            let statements: [(String, StatementText)] = [
                ("look", messages.look), ("consume", messages.consume), ("take", messages.take),
                ("keep", messages.keep),
                ("free", messages.free), ("lookAtToken", messages.lookAtToken), ("expireToken", messages.expireToken),
                ("unsubscribe", messages.unsubscribe), ("lookForEvents", messages.lookForEvents),
                ("value", messages.value), ("answer", messages.answer), ("updateAnswer", messages.updateAnswer),
                ("readStream", messages.readStream), ("hasEnded", messages.hasEnded), ("send", messages.send),
                ("publish", messages.publish), ("append", messages.append), ("subscribe", messages.subscribe),
                ("stirred", WakeStatements(schema: .standard).stirred),
                ("release", JournalStatements(schema: .standard).release),
            ]
            for (name, text) in statements {
                let plan = try await QueryPlan(of: text, on: session)
                #expect(plan.wholeScans.isEmpty, "\(name): \(plan)")
            }
        }
    }

    @Test func `what is sent, asked and answered from outside reads a few rows, and so does the router`() async throws {
        try await withTestDatabase { database in
            let session = try await PostgresConnection.connect(database.configuration.forEngine())
            defer { session.close() }
            // The server may analyse these tables by itself at the same time, and is waited for.
            try await session.execute("SET lock_timeout = 0")
            for sql in Self.rows + ["ANALYZE"] { try await session.execute(Query(sql)) }
            let calls = [
                "SELECT durable.signal('w-1', 'n', '1')", "SELECT durable.signal('w-1', 'n', '1', 'key-1')",
                "SELECT durable.complete_token('7', '1')", "SELECT durable.beat_token('7')",
                "SELECT durable.request_update('w-1', 'u', 'n', '1')", "SELECT durable.publish_event('e', 'k', '1')",
                "SELECT durable.cancel('w-1')",
            ]
            for call in calls {
                let read = try await session.rowsRead(by: call)
                #expect(read.values.reduce(0, +) <= 10, "\(call): \(read)")
            }
            try await session.execute(
                """
                INSERT INTO durable.inbox (workflow_id, kind, name)
                SELECT 'w-' || i, 'message', 'n' FROM generate_series(1, 100) i
                """
            )
            let routed = try await session.rowsRead(by: "SELECT * FROM durable.route(512)")
            #expect(routed.values.reduce(0, +) <= 1_000, "\(routed)")
            try await session.execute("SELECT durable.publish_event('e1', 'k', '1')")
            // Two hundred workflows wait for it.
            let told = try await session.rowsRead(by: "SELECT * FROM durable.route(512)")
            #expect(told.values.reduce(0, +) <= 2_000, "\(told)")
        }
    }
}

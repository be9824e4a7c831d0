// SPDX-License-Identifier: Apache-2.0

import DurableTesting
import Libpq
import Testing

@testable import Durable

/// What waking and messages read, they reach through an index, however large the tables have grown.
@Suite struct WakePlanTests {
    @Test(arguments: [false, true]) func `no hot statement reads a whole table`(isAnalysed: Bool) async throws {
        try await withTestDatabase { database in
            let session = try await PostgresConnection.connect(database.configuration.forEngine())
            defer { session.close() }
            for sql in [
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
                "INSERT INTO durable.token (id, workflow_id, name) SELECT i::text, 'w', 't' FROM generate_series(1, 20000) i",
            ] { try await session.execute(Query(sql)) }
            if isAnalysed { try await session.execute("ANALYZE") }
            let messages = MessageStatements(schema: .standard)
            let statements: [(String, StatementText)] = [
                ("look", messages.look), ("consume", messages.consume), ("take", messages.take),
                ("keep", messages.keep),
                ("free", messages.free), ("lookAtToken", messages.lookAtToken), ("expireToken", messages.expireToken),
                ("unsubscribe", messages.unsubscribe), ("lookForEvents", messages.lookForEvents),
                ("value", messages.value), ("answer", messages.answer), ("updateAnswer", messages.updateAnswer),
                ("readStream", messages.readStream), ("hasEnded", messages.hasEnded),
                ("stirred", WakeStatements(schema: .standard).stirred),
                ("release", JournalStatements(schema: .standard).release),
            ]
            for (name, text) in statements {
                let types = text.types.map(\.description).joined(separator: ", ")
                let arguments = text.types.map { _ in "NULL" }.joined(separator: ", ")
                let prepare = "PREPARE plan (\(types)) AS \(text.sql)"
                try await session.execute(Query(prepare))
                let plan = try await session.strings("EXPLAIN EXECUTE plan (\(arguments))").joined(separator: "\n")
                try await session.execute("DEALLOCATE plan")
                #expect(!plan.contains("Seq Scan"), "\(name): \(plan)")
            }
        }
    }
}

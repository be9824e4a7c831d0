// SPDX-License-Identifier: Apache-2.0

import DurableTesting
import Libpq
import Testing

@testable import Durable

/// What a person says of retention, and what the options of engines say.
@Suite struct RetentionOverrideTests {
    @Test func `what a person has said counts before the options of engines, until a person takes it back`()
        async throws
    {
        try await withDatabase { database in
            let options = EngineOptions.test.with { $0.retention = [RetentionPolicy(keep: .seconds(86_400))] }
            func policy(afterStart: Bool = true) async throws -> String {
                if afterStart { try await database.withEngine([Other()], options) { _ in } }
                return try await database.text(
                    "SELECT concat_ws(' ', keep, CASE WHEN is_overridden THEN 'person' ELSE 'engine' END) FROM durable.retention"
                )
            }
            #expect(try await policy() == "24:00:00 engine")
            // The same time, but a person's now.
            #expect(
                try await database.text("SELECT durable.set_retention('1 day', reason => 'so it stays')::text")
                    == "true"
            )
            #expect(
                try await database.text("SELECT durable.set_retention('30 days', reason => 'an audit is due')::text")
                    == "true"
            )
            #expect(try await policy() == "30 days person")
            // An engine of the release before this one.
            let former = "SELECT durable.set_retention('1 hour', '', '', reason => 'an engine''s options')::text"
            #expect(try await database.text(former) == "false")
            #expect(try await policy() == "30 days person")
            #expect(try await database.text("SELECT durable.drop_retention()::text") == "true")
            #expect(try await policy(afterStart: false) == "")
            #expect(try await policy() == "24:00:00 engine")
            #expect(try await database.text(former) == "true")
            #expect(try await policy(afterStart: false) == "01:00:00 engine")
            let audit = try await database.rows("SELECT concat_ws('|', action, reason) FROM durable.audit ORDER BY id")
            #expect(
                audit == [
                    "set_retention|an engine's options", "set_retention|so it stays", "set_retention|an audit is due",
                    "drop_retention", "set_retention|an engine's options", "set_retention|an engine's options",
                ]
            )
        }
    }

    @Test func `policies that were there before tell from the audit who said so`() async throws {
        try await withEmptyDatabase { database in
            let connection = try await PostgresConnection.connect(database.configuration)
            defer { connection.close() }
            let migrations = try Migration.all()
            func apply(_ migrations: some Sequence<Migration>) async throws {
                for migration in migrations {
                    try await connection.execute("BEGIN")
                    for statement in migration.statements(for: .standard) {
                        try await connection.execute(Query(statement))
                    }
                    try await connection.execute("COMMIT")
                }
            }
            try await apply(migrations.filter { $0.version <= 8 })
            for statement in [
                "SELECT durable.set_retention('1 day', 'ours', reason => 'an engine''s options')",
                "SELECT durable.set_retention('1 day', 'both', reason => 'an engine''s options')",
                "SELECT durable.set_retention('2 days', 'both')",
                "INSERT INTO durable.retention (name, keep) VALUES ('unknown', '1 day')",
            ] { try await connection.execute(Query(statement)) }
            try await apply(migrations.filter { $0.version > 8 })
            #expect(
                try await database.rows("SELECT concat_ws(' ', name, is_overridden) FROM durable.retention ORDER BY 1")
                    == ["both t", "ours f", "unknown t"]
            )
        }
    }
}

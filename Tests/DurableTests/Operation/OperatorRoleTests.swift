// SPDX-License-Identifier: Apache-2.0

import DurableTesting
import Libpq
import Testing

@testable import Durable

@Suite struct OperatorRoleTests {
    private static let paused = """
        WITH w AS (INSERT INTO durable.workflow (id, name) VALUES ('a', 'absent') RETURNING id)
        INSERT INTO durable.live (workflow_id, name, state, run_at, reason)
        SELECT id, 'absent', 'paused', 'infinity', 'operator' FROM w
        """

    @Test func `a reader is told why, and may change nothing`() async throws {
        try await withTestDatabase { database in
            try await database.execute(Self.paused)
            try await withRole(database, "GRANT durable_reader TO") { configuration in
                let reader = try await PostgresConnection.connect(configuration)
                defer { reader.close() }
                #expect(try await reader.strings("SELECT sentence FROM durable.why('a')", []).count == 1)
                #expect(try await reader.strings("SELECT kind FROM durable.attention", []) == ["paused"])
                for forbidden in [
                    "SELECT durable.resume('a')", "SELECT durable.kill('a', 'x')", "SELECT durable.retry('a')",
                    "SELECT durable.enqueue('absent')", "SELECT durable.pause_name('absent', 'x')",
                    "SELECT durable.fork('a', 0)", "SELECT durable.set_step_result('a', 0, '1', name => 's')",
                    "SELECT durable.take_back('a', '', 0, 1)", "SELECT durable.request_of('a', 'kill', 'x')",
                    "INSERT INTO durable.request (workflow_id, action, reason) VALUES ('a', 'kill', 'x')",
                ] {
                    let error = await #expect(throws: PostgresError.self) { try await reader.execute(Query(forbidden)) }
                    #expect(error?.sqlState == "42501", "\(forbidden): \(String(describing: error))")
                }
            }
            #expect(try await database.text("SELECT state::text FROM durable.live") == "paused")
            #expect(try await database.text("SELECT count(*)::text FROM durable.audit") == "0")
        }
    }

    @Test func `an operator repairs through the functions, under the name of the role that logged in`() async throws {
        try await withTestDatabase { database in
            try await database.execute(Self.paused)
            try await withRole(database, "GRANT durable_operator TO") { configuration in
                let person = try await PostgresConnection.connect(configuration)
                defer { person.close() }
                try await person.execute("SELECT durable.set_step_result('a', 0, '1', name => 's', reason => 'hand')")
                try await person.execute("SELECT durable.resume('a')")
                let role = try await person.strings("SELECT session_user::text", [])
                #expect(try await database.rows("SELECT DISTINCT who FROM durable.audit") == role)
                for forbidden in ["UPDATE durable.live SET state = 'queued'", "DELETE FROM durable.audit"] {
                    let error = await #expect(throws: PostgresError.self) { try await person.execute(Query(forbidden)) }
                    #expect(error?.sqlState == "42501", "\(forbidden): \(String(describing: error))")
                }
            }
            #expect(try await database.text("SELECT state::text FROM durable.live") == "queued")
        }
    }
}

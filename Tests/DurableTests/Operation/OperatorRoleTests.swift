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
                await reader.expectForbidden([
                    "SELECT durable.resume('a')", "SELECT durable.kill('a', 'x')", "SELECT durable.retry('a')",
                    "SELECT durable.enqueue('absent')", "SELECT durable.pause_name('absent', 'x')",
                    "SELECT durable.fork('a', 0)", "SELECT durable.set_step_result('a', 0, '1', name => 's')",
                    "SELECT durable.take_back('a', '', 0, 1)", "SELECT durable.request_of('a', 'kill', 'x')",
                    "INSERT INTO durable.request (workflow_id, action, reason) VALUES ('a', 'kill', 'x')",
                ])
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
                await person.expectForbidden(["UPDATE durable.live SET state = 'queued'", "DELETE FROM durable.audit"])
            }
            #expect(try await database.text("SELECT state::text FROM durable.live") == "queued")
        }
    }

    @Test func `an operator signals, cancels, completes tokens and publishes without a right on any table`()
        async throws
    {
        try await withTestDatabase { database in
            try await database.execute(Self.paused)
            try await database.execute(
                "INSERT INTO durable.token (id, workflow_id, name) VALUES ('t', 'a', 'n'), ('u', 'a', 'n')"
            )
            try await withRole(database, "GRANT durable_operator TO") { configuration in
                let person = try await PostgresConnection.connect(configuration)
                defer { person.close() }
                let answers = [
                    ("SELECT durable.signal('a', 'go', '1')", "true"), ("SELECT durable.beat_token('t')", "true"),
                    ("SELECT durable.complete_token('t', '1')", "true"),
                    ("SELECT durable.fail_token('u', 'no')", "true"),
                    ("SELECT durable.publish_event('e', 'k', '1') > 0", "true"),
                    ("SELECT durable.request_update('a', 'r', 'u')", "true"),
                    ("SELECT durable.cancel('a', 'no longer wanted')", "requested"),
                    ("SELECT durable.pause('a', 'x')", "paused"), ("SELECT durable.kill('a', 'x')", "requested"),
                    ("SELECT is_new FROM durable.enqueue('absent', id => 'b')", "true"),
                    ("SELECT durable.resume_name('absent')", "false"),
                ]
                for (statement, answer) in answers {
                    #expect(try await person.texts(statement) == [answer], "\(statement)")
                }
                let tables = [
                    "workflow", "live", "journal", "outcome", "message", "token", "event", "cancellation", "request",
                    "inbox",
                ]
                await person.expectForbidden(tables.map { "SELECT FROM durable.\($0)" })
                let mine = try await person.texts("SELECT session_user || '|no longer wanted'")
                let kept = try await database.rows(
                    "SELECT DISTINCT concat_ws('|', who, reason) FROM durable.audit WHERE action = 'cancel'"
                )
                #expect(kept == mine)
            }
            #expect(try await database.text("SELECT count(*)::text FROM durable.cancellation") == "1")
        }
    }

    @Test func `a reader lists, counts and sees what needs a person, whoever runs the functions in the views`()
        async throws
    {
        try await withTestDatabase { database in
            try await database.execute(Self.paused)
            try await database.execute(
                """
                WITH w AS (INSERT INTO durable.workflow (id, name) VALUES ('due', 'absent') RETURNING id)
                INSERT INTO durable.live (workflow_id, name, state, run_at)
                SELECT id, 'absent', 'queued', now() - interval '1 hour' FROM w
                """
            )
            try await withRole(database, "GRANT durable_reader TO") { configuration in
                let reader = try await PostgresConnection.connect(configuration)
                defer { reader.close() }
                #expect(
                    try await reader.texts("SELECT kind FROM durable.attention ORDER BY kind") == [
                        "not offered", "paused",
                    ]
                )
                #expect(try await reader.texts("SELECT durable.find(states => '{queued}')") == ["due"])
                #expect(
                    try await reader.texts(
                        "SELECT concat_ws('|', name, version, pending, verdict) FROM durable.versions"
                    )
                        == ["absent|1|2|stranded"]
                )
                #expect(
                    try await reader.texts("SELECT value FROM durable.stats WHERE subject = 'live' AND name = 'paused'")
                        == ["1"]
                )
                #expect(try await reader.texts("SELECT id FROM durable.pending ORDER BY id") == ["a", "due"])
                await reader.expectForbidden([
                    "SELECT durable.signal('a', 'x')", "SELECT durable.cancel('a')",
                    "SELECT durable.complete_token('t')",
                    "SELECT durable.fail_token('t', 'x')", "SELECT durable.beat_token('t')",
                    "SELECT durable.publish_event('e')",
                    "SELECT durable.request_update('a', 'r', 'u')", "SELECT * FROM durable.payloads",
                    "SELECT durable.continue_as_new('{a}', '{0}', '{1}', '{now}', '{1}', 1)",
                ])
            }
        }
    }

    @Test func `what runs with its owner's rights has a search path of its own, and nobody may call it by default`()
        async throws
    {
        try await withTestDatabase { database in
            let loose = try await database.rows(
                """
                SELECT p.proname::text FROM pg_proc p
                WHERE p.pronamespace = 'durable'::regnamespace AND p.prosecdef
                  AND (p.proacl IS NULL OR EXISTS (SELECT FROM aclexplode(p.proacl) a WHERE a.grantee = 0)
                    OR NOT 'search_path=pg_catalog, pg_temp' = ANY (coalesce(p.proconfig, '{}')))
                """
            )
            #expect(loose == [])
            let mayRead = try await database.rows(
                """
                SELECT p.proname::text FROM pg_proc p
                WHERE p.pronamespace = 'durable'::regnamespace AND p.prosecdef
                  AND has_function_privilege('durable_reader', p.oid, 'EXECUTE') ORDER BY 1
                """
            )
            #expect(mayRead == ["find", "is_offered", "prunable", "why"])
        }
    }

    @Test func `what find cannot make sense of is refused in words`() async throws {
        try await withTestDatabase { database in
            await database.expectRefusals(of: [
                ("find(states => '{gone}')", "22023", "no state of a workflow is called \"gone\""),
                ("find(states => ARRAY[NULL])", "22023", "no state of a workflow is called \"<NULL>\""),
                ("find(maximum => -1)", "22023", "the maximum must not be negative, and is -1"),
                ("find(behind => 'nobody')", "DU010", "no workflow has the id \"nobody\""),
            ])
            let hostile = "'; DROP TABLE durable.live; --%_\\"
            let byPrefix = try await database.rows("SELECT durable.find(id_prefix => $1)", hostile)
            let byName = try await database.rows("SELECT durable.find(names => ARRAY[$1], error_type => $1)", hostile)
            #expect(byPrefix + byName == [])
            let live = try await database.text("SELECT count(*)::text FROM durable.live")
            #expect(live == "0")
        }
    }
}

extension PostgresConnection {
    /// The first column of the rows of one statement, whatever its type, as text.
    fileprivate func texts(_ sql: String) async throws -> [String] {
        try await self.strings("SELECT jsonb_build_array(v) ->> 0 FROM (\(sql)) AS q (v)")
    }
}

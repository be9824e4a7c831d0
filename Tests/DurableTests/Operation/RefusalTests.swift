// SPDX-License-Identifier: Apache-2.0

import DurableTesting
import Libpq
import Testing

@testable import Durable

/// What a function cannot make sense of it refuses in words that name it, and then nothing has changed.
///
/// What is text stays text.
@Suite struct RefusalTests {
    private static let hostile = "'; DROP TABLE durable.live; --%_\\ \"$1$$ \u{202E}"

    /// The call, its SQLSTATE, and words of its message.
    private static let cases: [(call: String, state: String, words: String)] = [
        ("signal('nobody', 'x')", "DU010", "no workflow has the id \"nobody\""),
        ("signal('done', 'x')", "DU011", "workflow \"done\" has ended (succeeded): it takes no signal"),
        ("signal('held', '')", "DU012", "the name of a signal must have 1 to 128 bytes"),
        ("signal('held', NULL)", "DU012", "the name of a signal must have 1 to 128 bytes"),
        ("signal('held', 'x', key => repeat('k', 513))", "DU012", "key of a signal must have 1 to 512 bytes"),
        ("signal('held', 'x', '{')", "22P02", "invalid input syntax for type json"),
        ("cancel('nobody')", "DU010", "no workflow has the id \"nobody\""),
        (
            "cancel('held', repeat('x', 1025))", "22023",
            "the reason of a cancellation has 1025 bytes; the limit is 1024"
        ),
        ("kill('nobody', 'x')", "DU010", "no workflow has the id \"nobody\""),
        ("kill('done', 'x')", "DU011", "workflow \"done\" has ended (succeeded)"),
        ("kill('held', '')", "22023", "the reason is empty"), ("kill('held', NULL)", "22023", "the reason is empty"),
        ("pause('nobody', 'x')", "DU010", "no workflow has the id \"nobody\""),
        ("pause('held', repeat('x', 1001))", "22023", "the reason has 1001 bytes; the limit is 1000"),
        ("resume('waits')", "DU020", "workflow \"waits\" is waiting, not paused"),
        ("resume(NULL)", "DU010", "no workflow has the id"),
        ("retry('held')", "DU020", "workflow \"held\" is paused, and only one that has failed can be retried"),
        ("rerun('nobody')", "DU010", "no workflow has the id \"nobody\""),
        ("rerun('done', 'held')", "DU020", "the id \"held\" is taken"),
        ("rerun('done', '')", "22023", "the workflow id is empty"),
        ("fork('nobody', 0)", "DU010", "no workflow has the id \"nobody\""),
        ("fork('done', -1)", "22023", "the position -1 does not exist"),
        ("fork('done', NULL)", "22023", "a fork needs a position and a scope"),
        ("fork('done', 0, NULL)", "22023", "a fork needs a position and a scope"),
        ("fork('done', 9)", "22023", "has recorded nothing at position 8"),
        ("fork('done', 0, 'parallel@7[0]')", "22023", "\"done\" has recorded nothing in scope \"parallel@7[0]\""),
        ("fork('done', 1, new_id => 'held')", "DU020", "the id \"held\" is taken"),
        ("fork('done', 1, input => '{')", "22P02", "invalid input syntax for type json"),
        ("fork('done', 1, result => '{')", "22P02", "invalid input syntax for type json"),
        (
            "fork('done', 2, result => '1')", "22023",
            "nothing at position 2 of scope \"\": there is no step to give a result"
        ),
        ("fork('sleeper', 0, result => '1')", "22023", "is a sleep, not a step"),
        ("fork('done', 1, new_id => '')", "22023", "the new workflow id is empty"),
        ("set_step_result('nobody', 0, '1')", "DU010", "no workflow has the id \"nobody\""),
        ("set_step_result('waits', 0, '1')", "DU020", "workflow \"waits\" is not paused"),
        ("set_step_result('held', 0, '1', name => 'other')", "22023", "is the step \"first\", not \"other\""),
        ("set_step_result('held', 1, '1')", "22023", "has recorded nothing at position 1"),
        (
            "set_step_result('held', 2, '1', name => 'x')", "22023",
            "has recorded nothing before position 2 of scope \"\""
        ),
        ("set_step_result('held', 0, '1', 'nonsense', 'x')", "22023", "before position 0 of scope \"nonsense\""),
        ("set_step_result('held', -1, '1', name => 'x')", "22023", "the position -1 does not exist"),
        ("set_step_result('held', NULL, '1', name => 'x')", "22023", "a step needs a position and a scope"),
        ("set_step_result('held', 1, '1', name => '')", "22023", "the step's name is empty"),
        ("set_step_result('held', 0, '{')", "22P02", "invalid input syntax for type json"),
        ("set_step_result('sleeper', 0, '1')", "22023", "is a sleep, not a step"),
        ("skip_step('waits', 0)", "DU020", "workflow \"waits\" is not paused"),
        ("skip_step('held', 5)", "22023", "has recorded nothing at position 5"),
        ("pause_name('', 'x')", "22023", "the workflow name is empty"),
        ("pause_name('a', NULL)", "22023", "the reason is empty"),
        ("pause_name(repeat('x', 129), 'x')", "22023", "the workflow name has 129 bytes; the limit is 128"),
        ("resume_name('a', '')", "22023", "the reason is empty"),
        ("resume_name('a', repeat('x', 1001))", "22023", "the reason has 1001 bytes; the limit is 1000"),
        ("release_executor(4711)", "DU010", "no executor has the number 4711"),
        ("release_executor(NULL)", "DU010", "no executor has the number"),
        ("complete_token('none', '1')", "DU013", "there is no such token"),
        ("fail_token('none', 'x')", "DU013", "there is no such token"),
        ("beat_token('none')", "DU013", "there is no such token"),
        ("complete_token('t-done', '1')", "DU011", "workflow \"done\" has ended"),
        ("publish_event('')", "DU012", "the name of an event must have 1 to 128 bytes"),
        ("publish_event('e', '')", "DU012", "the key of an event must have 1 to 512 bytes"),
        ("request_update('nobody', 'r', 'u')", "DU010", "no workflow has the id \"nobody\""),
        ("request_update('done', 'r', 'u')", "DU011", "workflow \"done\" has ended"),
        ("request_update('held', '', 'u')", "22023", "the id of the update is empty"),
        ("request_update('held', 'r', NULL)", "22023", "the name of the update is empty"),
        ("enqueue('')", "22023", "the workflow name is empty"),
        ("enqueue('x', '1', 'done')", "DU020", "the id \"done\" is taken by a workflow \"program\""),
        ("enqueue('x', version => 0)", "22023", "the version of workflow \"x\" must be 1 or more"),
        ("enqueue('x', timeout => '0 s')", "22023", "the timeout of workflow \"x\" must be more than 0"),
        ("enqueue('x', queue => 'nobody''s')", "22023", "there is no queue \"nobody's\""),
        ("enqueue('x', '{')", "22P02", "invalid input syntax for type json"),
        ("enqueue_all('x', NULL, ARRAY['a'])", "22023", "there are 1 ids for 0 inputs"),
        ("enqueue_all('x', ARRAY['1']::json[], queue => 'none')", "22023", "there is no queue \"none\""),
        ("why('nobody')", "DU010", "no workflow has the id \"nobody\""),
        ("find(states => '{gone}')", "22023", "no state of a workflow is called \"gone\""),
        ("find(behind => 'nobody')", "DU010", "no workflow has the id \"nobody\""),
        ("set_queue('', 1)", "22023", "the queue name is empty"),
        ("set_queue('q', -1)", "22023", "must be 0 or more, not -1"),
        ("reset_queue('default', '')", "22023", "the reason is empty"),
        ("set_retention('-1 day')", "22023", "kept for 0 to 1000 years, or for ever (NULL), not for -1 days"),
        ("set_retention('1 day', outcome => 'lost')", "22023", "no workflow ends as \"lost\""),
        ("drop_retention(subject => 'dust')", "22023", "nothing called \"dust\" is kept for a time"),
        ("prune(0)", "22023", "a batch has 1 to 10000 rows, not 0"),
        ("delete_workflow('nobody', 'x')", "DU010", "no workflow has the id \"nobody\""),
        (
            "delete_workflow('waits', 'x')", "DU020",
            "workflow \"waits\" is waiting, and only what has ended can be deleted"
        ),
        ("delete_workflow('done', '')", "22023", "the reason is empty"),
        ("export('nobody')", "DU010", "no workflow has the id \"nobody\""),
    ]

    /// Those of which every argument makes sense.
    private static let neverRefuse: Set<String> = ["is_offered", "prunable"]

    @Test func `no function that a person may call is forgotten here`() async throws {
        try await withTestDatabase { database in
            let callable = try await database.rows(
                """
                SELECT DISTINCT p.proname::text FROM pg_proc p
                WHERE p.pronamespace = 'durable'::regnamespace AND p.prosecdef
                  AND has_function_privilege('durable_operator', p.oid, 'EXECUTE')
                """
            )
            #expect(callable.count >= 30)
            let refused = Set(Self.cases.map { String($0.call.prefix { $0 != "(" }) })
            #expect(Set(callable) == refused.union(Self.neverRefuse))
        }
    }

    @Test func `every function refuses what makes no sense, in words, and changes nothing`() async throws {
        try await Self.with { database in
            let before = try await Self.digest(database)
            await database.expectRefusals(of: Self.cases)
            let after = try await Self.digest(database)
            #expect(after == before)
        }
    }

    @Test func `nobody has a hostile id, and hostile text stays text`() async throws {
        try await Self.with { database in
            let text = Self.hostile
            let before = try await Self.digest(database)
            for call in [
                "signal($1, $1)", "cancel($1, $1)", "kill($1, $1)", "pause($1, $1)", "resume($1, $1)", "retry($1, $1)",
                "rerun($1, $1)", "fork($1, 0, $1)", "set_step_result($1, 0, '1', $1, $1, $1)",
                "skip_step($1, 0, $1, $1, $1)", "request_update($1, $1, $1)", "why($1)", "complete_token($1)",
                "delete_workflow($1, $1)", "export($1)", "fail_token($1, $1, $1)", "beat_token($1)",
                "fork($1, 0, $1, $1, to_json($1::text), $1, to_json($1::text))", "find(behind => $1)",
            ] {
                let error = await #expect(throws: PostgresError.self, "\(call)") {
                    _ = try await database.rows("SELECT durable.\(call)::text", text)
                }
                #expect(["DU010", "DU013"].contains(error?.sqlState ?? ""), "\(call): \(String(describing: error))")
            }
            let after = try await Self.digest(database)
            #expect(after == before)
            try await database.execute(
                "INSERT INTO durable.executor (id, name, host, pid) VALUES (gen_random_uuid(), 'x', 'h', 1)"
            )
            for call in [
                "signal('held', $1, to_json($1), $1)", "cancel('held', $1)", "pause('waits', $1)", "pause_name($1, $1)",
                "publish_event($1, $1, to_json($1))", "fail_token('t-held', $1, $1)", "request_update('held', $1, $1)",
                "enqueue($1, to_json($1), $1, attributes => jsonb_build_object($1, $1))", "retry('failed', $1)",
                "rerun('done', $1 || '1', $1)",
                "fork('done', 1, new_id => $1 || '2', input => to_json($1), reason => $1)",
                "set_step_result('held', 0, to_json($1), reason => $1)", "set_retention('1 day', $1, reason => $1)",
                "resume('held', $1)", "resume_name($1, $1)", "drop_retention($1, reason => $1)", "pause('held', $1)",
                "kill('held', $1)", "set_queue($1, 1, reason => $1)",
                "enqueue_all($1, ARRAY[to_json($1)], ARRAY[$1 || '3'], attributes => jsonb_build_object($1, $1), queue => $1)",
                "reset_queue($1, $1)", "fork('done', 1, new_id => $1 || '4', result => to_json($1), reason => $1)",
                "release_executor((SELECT number FROM durable.executor), $1)", "delete_workflow('done', $1)",
                "find(names => ARRAY[$1], id_prefix => $1, error_type => $1)",
            ] { _ = try await database.rows("SELECT durable.\(call.replacing("$1", with: "$1::text"))::text", text) }
            let kept = try await database.rows(
                """
                SELECT DISTINCT t.what FROM (
                    SELECT 'message' AS what, name FROM durable.message WHERE name NOT LIKE 'update%'
                    UNION ALL SELECT 'key', key FROM durable.message_key
                    UNION ALL SELECT 'cancellation', reason FROM durable.cancellation
                    UNION ALL SELECT 'queue', name FROM durable.queue
                    UNION ALL SELECT 'request', reason FROM durable.request
                    UNION ALL SELECT 'event', key FROM durable.event
                    UNION ALL SELECT 'token', error ->> 'message' FROM durable.token WHERE id = 't-held'
                    UNION ALL SELECT 'update', name FROM durable.update_request
                    UNION ALL SELECT 'workflow', input #>> '{}' FROM durable.workflow WHERE id = $1::text
                    UNION ALL SELECT 'fork', input #>> '{}' FROM durable.workflow WHERE id = $1::text || '2'
                    UNION ALL SELECT 'result', output #>> '{}' FROM durable.journal WHERE workflow_id = 'held' AND position = 0
                    UNION ALL SELECT 'one of many', name FROM durable.workflow WHERE id = $1::text || '3'
                    UNION ALL SELECT 'given', output #>> '{}' FROM durable.journal WHERE workflow_id = $1::text || '4'
                ) AS t WHERE t.name = $1::text ORDER BY 1
                """,
                text
            )
            #expect(
                kept == [
                    "cancellation", "event", "fork", "given", "key", "message", "one of many", "queue", "request",
                    "result",
                    "token", "update", "workflow",
                ]
            )
            let actions = try await database.rows(
                "SELECT DISTINCT action FROM durable.audit WHERE reason = $1 ORDER BY 1",
                text
            )
            #expect(
                actions == [
                    "cancel", "delete_workflow", "drop_retention", "fork", "kill", "pause", "pause_name",
                    "release_executor",
                    "rerun", "reset_queue", "resume", "resume_name", "retry", "set_queue", "set_retention",
                    "set_step_result",
                ]
            )
        }
    }

    // MARK: - Workflows

    private static func with(_ body: (TestDatabase) async throws -> Void) async throws {
        try await withTestDatabase { database in
            try await database.ended("done")
            try await database.ended("failed", as: "failed")
            for id in ["waits", "held", "sleeper"] { try await database.waiting(id) }
            for statement in [
                """
                UPDATE durable.live SET state = 'paused', reason = 'operator', run_at = 'infinity'
                WHERE workflow_id IN ('held', 'sleeper')
                """,
                "UPDATE durable.journal SET kind = 3, name = 'sleep' WHERE workflow_id = 'sleeper'",
                "INSERT INTO durable.token (id, workflow_id, name) VALUES ('t-done', 'done', 't'), ('t-held', 'held', 't')",
            ] { try await database.execute(statement) }
            try await body(database)
        }
    }

    /// What all tables hold.
    private static func digest(_ database: TestDatabase) async throws -> [String] {
        let tables = try await database.rows(
            "SELECT relname::text FROM pg_class WHERE relnamespace = 'durable'::regnamespace AND relkind = 'r' ORDER BY 1"
        )
        var digests: [String] = []
        for table in tables {
            let digest = try await database.text(
                "SELECT coalesce(md5(string_agg(t::text, '' ORDER BY t::text)), '') FROM durable.\(table) AS t"
            )
            digests.append("\(table) \(digest)")
        }
        return digests
    }
}

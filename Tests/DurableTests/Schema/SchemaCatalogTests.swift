// SPDX-License-Identifier: Apache-2.0

import DurableTesting
import Libpq
import Testing

@testable import Durable

@Suite struct SchemaCatalogTests {
    @Test func `every table, view, column, function, type and the schema itself has a comment`() async throws {
        try await withTestDatabase { database in
            let missing = try await database.rows(
                """
                WITH objects AS (
                    SELECT c.relname::text AS name, d.description
                    FROM pg_class c
                    LEFT JOIN pg_description d ON d.objoid = c.oid AND d.classoid = 'pg_class'::regclass AND d.objsubid = 0
                    WHERE c.relnamespace = 'durable'::regnamespace AND c.relkind IN ('r', 'v', 'm', 'p')
                    UNION ALL
                    SELECT c.relname || '.' || a.attname, d.description
                    FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
                    LEFT JOIN pg_description d
                        ON d.objoid = c.oid AND d.classoid = 'pg_class'::regclass AND d.objsubid = a.attnum
                    WHERE c.relnamespace = 'durable'::regnamespace AND c.relkind IN ('r', 'v', 'm', 'p')
                    UNION ALL
                    SELECT p.proname || '()', obj_description(p.oid, 'pg_proc')
                    FROM pg_proc p WHERE p.pronamespace = 'durable'::regnamespace
                    UNION ALL
                    SELECT t.typname, obj_description(t.oid, 'pg_type')
                    FROM pg_type t WHERE t.typnamespace = 'durable'::regnamespace AND t.typtype IN ('e', 'd')
                    UNION ALL
                    SELECT 'schema', obj_description('durable'::regnamespace, 'pg_namespace')
                )
                SELECT name FROM objects WHERE description IS NULL OR description = '' ORDER BY name
                """
            )
            #expect(missing == [])
        }
    }

    @Test func `ids, names and scopes compare by bytes, payloads are json and compressed with lz4`() async throws {
        try await withTestDatabase { database in
            let collations = try await database.rows(
                """
                SELECT c.relname || '.' || a.attname
                FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
                WHERE c.relnamespace = 'durable'::regnamespace AND c.relkind = 'r'
                  AND a.attname IN ('id', 'workflow_id', 'name', 'scope', 'parent', 'queue') AND a.atttypid = 'text'::regtype
                  AND c.relname <> 'migration'
                  AND a.attcollation <> 'pg_catalog."C"'::regcollation
                """
            )
            #expect(collations == [])
            let payloads = try await database.rows(
                """
                SELECT c.relname || '.' || a.attname || ' ' || a.atttypid::regtype || ' ' || a.attcompression::text
                FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
                WHERE c.relnamespace = 'durable'::regnamespace AND c.relkind = 'r'
                  AND (c.relname, a.attname) IN (('workflow', 'input'), ('journal', 'output'), ('journal', 'error'),
                      ('outcome', 'output'), ('outcome', 'error'))
                ORDER BY 1
                """
            )
            // Not every build of Postgres has lz4.
            let method = try await database.text(
                """
                SELECT CASE WHEN 'lz4' = ANY (enumvals) THEN 'l' ELSE '' END
                FROM pg_settings WHERE name = 'default_toast_compression'
                """
            )
            let columns = ["journal.error", "journal.output", "outcome.error", "outcome.output", "workflow.input"]
            #expect(payloads == columns.map { "\($0) json \(method)" })
        }
    }

    @Test func `the large tables have their primary key and no index without a reason, and no table refers to another`()
        async throws
    {
        try await withTestDatabase { database in
            let indexes = try await database.rows(
                """
                SELECT tablename || ' ' || indexname FROM pg_indexes
                WHERE schemaname = 'durable' AND tablename IN ('workflow', 'journal', 'outcome', 'live') ORDER BY 1
                """
            )
            #expect(
                indexes == [
                    // Of patches alone: no other record has an entry.
                    "journal journal_patch", "journal journal_pkey", "live live_due", "live live_held",
                    "live live_owner", "live live_parent",
                    "live live_pkey", "live live_suspect",
                    // Of what went wrong alone: whoever succeeds pays nothing for them.
                    "outcome outcome_error", "outcome outcome_pkey", "outcome outcome_state", "outcome outcome_unhappy",
                    // Of those that have attributes alone.
                    "workflow workflow_attributes",
                    // The newest first, of all and of one type: 70 bytes of the log per start.
                    "workflow workflow_created",
                    // Of children alone: whoever has none pays nothing for it.
                    "workflow workflow_parent", "workflow workflow_pkey",
                ]
            )
            let references = try await database.rows(
                "SELECT conname::text FROM pg_constraint WHERE connamespace = 'durable'::regnamespace AND contype = 'f'"
            )
            #expect(references == [])
        }
    }

    @Test
    func `fence, takeover and clock are volatile, so that each of their statements sees what was committed before it`()
        async throws
    {
        try await withTestDatabase { database in
            let volatile = try await database.rows(
                """
                SELECT proname::text FROM pg_proc
                WHERE pronamespace = 'durable'::regnamespace AND provolatile = 'v'
                  AND proname IN ('begin_step', 'clock', 'fence', 'fence_strict', 'lease_is_over', 'observe_server', 'route',
                                  'take_over', 'terminate_holders')
                ORDER BY 1
                """
            )
            #expect(
                volatile == [
                    "begin_step", "clock", "fence", "fence_strict", "lease_is_over", "observe_server", "route",
                    "take_over",
                    "terminate_holders",
                ]
            )
        }
    }

    @Test func `the three roles exist and cannot log in`() async throws {
        try await withTestDatabase { database in
            let roles = try await database.rows(
                "SELECT rolname::text FROM pg_roles WHERE rolname LIKE 'durable\\_%' AND NOT rolcanlogin ORDER BY 1"
            )
            #expect(roles == ["durable_operator", "durable_reader", "durable_runtime"])
        }
    }
}

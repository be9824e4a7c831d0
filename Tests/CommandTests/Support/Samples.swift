// SPDX-License-Identifier: Apache-2.0

import DurableTesting
import Libpq

/// Workflows in several states, written by hand so that their times are known.
enum Samples {
    /// An id of which every part does something to somebody.
    static let hostile = "evil\u{1B}[31m\n'; DROP TABLE durable.live; --%_\\\u{202E}"

    /// Runs the body with a database in which these workflows are.
    static func with(_ body: (TestDatabase, PostgresConnection) async throws -> Void) async throws {
        try await withTestDatabase { database in
            let connection = try await PostgresConnection.connect(database.configuration)
            defer { connection.close() }
            // One transaction has one time.
            try await connection.execute("BEGIN")
            for statement in self.statements { try await connection.execute(statement) }
            try await connection.execute(
                """
                INSERT INTO durable.workflow (id, name, created_at)
                VALUES (\(self.hostile), 'ev''il', now() - interval '5 s')
                """
            )
            try await connection.execute(
                "INSERT INTO durable.live (workflow_id, name, state) VALUES (\(self.hostile), 'ev''il', 'queued')"
            )
            try await connection.execute("COMMIT")
            try await body(database, connection)
        }
    }

    private static let statements: [Query] = [
        """
        INSERT INTO durable.executor (id, name, host, pid, build, workflows) VALUES
            (gen_random_uuid(), 'web-1', 'node-a', 4711, 'abc123', '[{"name":"checkout","versions":[1,2]}]'),
            (gen_random_uuid(), 'web-0', 'node-a', 4710, 'abc122', '[{"name":"order","versions":[1]}]')
        """,
        "UPDATE durable.executor SET stopped_at = now() WHERE name = 'web-0'",
        """
        INSERT INTO durable.lease (executor, expires_at, period)
        SELECT number, now() + interval '1 hour', '15 s' FROM durable.executor WHERE name = 'web-1'
        """,
        """
        INSERT INTO durable.workflow (id, name, version, input, created_at) VALUES
            ('checkout-1001', 'checkout', 1, '{"id":"1001",\n  "sku":"tea pot"}', now() - interval '190 s'),
            ('checkout-1002', 'checkout', 2, '{}', now() - interval '130 s'),
            ('checkout-1003', 'checkout', 2, '{}', now() - interval '125 s'),
            ('order-7', 'order', 1, NULL, now() - interval '65 min'),
            ('order-8', 'order', 1, NULL, now() - interval '125 min')
        """,
        """
        INSERT INTO durable.journal (workflow_id, scope, position, phase, kind, attempt, executor, run, at, seconds, name, output,
            error, due)
        SELECT id, scope, position, phase, kind, attempt, 1, 1, now() - age * interval '1 s', seconds, name, output::json,
            error::json, CASE WHEN phase > 0 THEN now() END
        FROM (VALUES
            ('checkout-1001', '', 0, 0, 2, 1, 189, 0.012, 'reserve', '1', NULL),
            ('checkout-1001', '', 1, 1, 1, 1, 188, NULL, 'charge', NULL, '{"type":"Timeout","message":"no reply"}'),
            ('checkout-1001', '', 1, 0, 1, 2, 180, 0.35, 'charge', '"charge-7"', NULL),
            ('checkout-1001', 'parallel@2[0]', 0, 0, 1, 1, 179, 1.25, 'email', '"mail-8"', NULL),
            ('checkout-1001', 'parallel@2[1]', 0, 0, 1, 1, 178, 2.5, 'label', '"label-9"', NULL),
            ('checkout-1001', '', 2, 0, 4, 1, 178, NULL, 'parallel', '{"verdict":"complete"}', NULL),
            ('checkout-1003', '', 0, 1, 1, 1, 120, NULL, 'charge', NULL, '{"type":"Timeout","message":"no reply"}'),
            ('order-7', '', 0, 0, 1, 3, 3540, 0.2, 'pick', NULL, '{"type":"OutOfStock","message":"sku \\"teapot\\" 17 missing"}')
        ) AS j (id, scope, position, phase, kind, attempt, age, seconds, name, output, error)
        """,
        """
        INSERT INTO durable.outcome (workflow_id, status, executor, run, finished_at, output, error) VALUES
            ('checkout-1001', 'succeeded', 1, 1, now() - interval '177 s', '{"ok":true}', NULL),
            ('order-7', 'failed', 1, 1, now() - interval '59 min', NULL,
                '{"type":"OutOfStock","message":"sku \\"teapot\\" 17 missing"}'),
            ('order-8', 'failed', 1, 1, now() - interval '119 min', NULL,
                '{"type":"OutOfStock","message":"sku \\"cup\\" 3 missing"}')
        """,
        """
        INSERT INTO durable.live (workflow_id, name, version, state, reason, waiting_for, run_at, error) VALUES
            ('checkout-1002', 'checkout', 2, 'waiting', NULL, 'message approval', now() + interval '3 day', NULL),
            ('checkout-1003', 'checkout', 2, 'paused', 'diverged', NULL, 'infinity',
                '{"type":"Divergence","message":"expected charge"}')
        """,
    ]
}

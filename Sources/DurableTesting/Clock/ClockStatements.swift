// SPDX-License-Identifier: Apache-2.0

import Durable
import Libpq

/// What a virtual clock says to its database.
struct ClockStatements: Sendable {
    /// Gives the schema's clock a shift that every session sees at once: a setting is seen by new sessions only.
    let install: [String]
    /// Lets the leases of living engines last: `(numbers, microseconds)`.
    let renew: StatementText
    /// Moves time: `(microseconds)`.
    let move: StatementText
    /// What goes on, what is next, what time it is, what was recorded: `(living engines, offered names, hanging workflows)`.
    let look: StatementText

    init(schema: SchemaName) {
        let durable = schema.quoted
        self.install = [
            "CREATE SCHEMA IF NOT EXISTS durable_testing",
            "CREATE TABLE IF NOT EXISTS durable_testing.clock (shift interval NOT NULL)",
            """
            INSERT INTO durable_testing.clock (shift)
            SELECT '0' WHERE NOT EXISTS (SELECT FROM durable_testing.clock)
            """,
            "GRANT USAGE ON SCHEMA durable_testing TO PUBLIC",
            "GRANT SELECT ON durable_testing.clock TO PUBLIC",
            """
            CREATE OR REPLACE FUNCTION \(durable).clock() RETURNS timestamptz
                LANGUAGE sql VOLATILE PARALLEL SAFE
                AS $$
                    SELECT clock_timestamp()
                         + coalesce(nullif(current_setting('durable.clock_shift', true), ''), '0')::interval
                         + (SELECT c.shift FROM durable_testing.clock AS c)
                $$
            """,
        ]
        self.renew = StatementText(
            """
            UPDATE \(durable).lease AS l SET expires_at = l.expires_at + $2 * interval '1 microsecond'
            WHERE l.executor = ANY ($1)
            """,
            types: [PostgresType.int4.array, .int8]
        )
        self.move = StatementText(
            "UPDATE durable_testing.clock AS c SET shift = c.shift + $1 * interval '1 microsecond'",
            types: [.int8]
        )
        // A workflow of a living engine goes on by itself; one of a dead engine when its lease is over; any other when it is
        // due. What only a person or a message can move counts as waiting.
        self.look = StatementText(
            """
            WITH pending AS MATERIALIZED (
                SELECT
                    CASE WHEN l.executor IS NULL THEN l.run_at
                         WHEN l.executor = ANY ($1) THEN w.deadline
                         ELSE greatest(e.expires_at, s.since + e.period) END AS next,
                    l.executor = ANY ($1) AND NOT l.workflow_id = ANY ($3) AS runs,
                    l.executor IS NOT NULL AND e.executor IS NULL AS is_orphan
                FROM \(durable).live AS l
                JOIN \(durable).workflow AS w ON w.id = l.workflow_id
                LEFT JOIN \(durable).lease AS e ON e.executor = l.executor
                CROSS JOIN (SELECT greatest(max(since), pg_postmaster_start_time()) AS since FROM \(durable).server) AS s
                WHERE l.name = ANY ($2) AND l.state <> 'paused'
            ), present AS MATERIALIZED (
                SELECT \(durable).clock() AS now
            )
            SELECT
                count(*) FILTER (WHERE coalesce(p.runs, false) OR p.is_orphan OR (p.runs IS NOT TRUE AND p.next <= c.now))
                    + (SELECT count(*) FROM \(durable).inbox),
                (extract(epoch FROM min(p.next) FILTER (WHERE p.next > c.now AND isfinite(p.next))
                    - timestamptz '2000-01-01 00:00:00+00') * 1000000)::bigint,
                (extract(epoch FROM c.now - timestamptz '2000-01-01 00:00:00+00') * 1000000)::bigint,
                (SELECT count(*) FROM \(durable).journal)
            FROM present AS c LEFT JOIN pending AS p ON true
            GROUP BY c.now
            """,
            types: [PostgresType.int4.array, PostgresType.text.array, PostgresType.text.array]
        )
    }
}

// SPDX-License-Identifier: Apache-2.0

package import Libpq

/// The statements of messages, for one schema.
package final class MessageStatements: Sendable {
    /// The first messages of some workflows, and their mailbox counts, in one snapshot:
    /// `(workflow ids, names, at most)`.
    ///
    /// Returns which of the requests, mailbox count (NULL: no such live workflow), message id, sent at, body.
    package let look: StatementText
    /// Messages that a receive has consumed: `(workflow ids, names, message ids)`.
    package let consume: StatementText
    /// Messages that a branch of a race has taken: `(workflow ids, names, message ids, scopes)`.
    package let take: StatementText
    /// What the winner of a race has taken is consumed: `(workflow ids, groups, winners, whether nested)`.
    package let keep: StatementText
    /// What the losers of a race have taken is free again: the same parameters.
    package let free: StatementText
    /// Messages from workflow to workflow: `(workflow ids, names, keys, bodies)`.
    package let send: StatementText
    /// One message, from outside: `(workflow id, name, body, key)`; whether the key was new.
    package let signal: StatementText
    /// Refuses a workflow that does not exist or has ended: `(workflow id, what is sent)`.
    package let expectUnfinished: StatementText

    package init(schema: SchemaName) {
        let durable = schema.quoted
        self.look = StatementText(
            """
            SELECT row.number, l.mailbox, m.id, m.sent_at, m.body
            FROM unnest($1, $2, $3) WITH ORDINALITY AS row (w, n, maximum, number)
            LEFT JOIN \(durable).live AS l ON l.workflow_id = w
            LEFT JOIN LATERAL (
                SELECT m.id, m.sent_at, m.body FROM \(durable).message AS m
                WHERE m.workflow_id = w AND m.name = n AND m.taken_by IS NULL
                ORDER BY m.id LIMIT maximum
            ) AS m ON true
            ORDER BY row.number, m.id
            """,
            types: [PostgresType.text.array, PostgresType.text.array, PostgresType.int8.array]
        )
        self.consume = StatementText(
            """
            DELETE FROM \(durable).message AS m
            USING unnest($1, $2, $3) AS row (w, n, i)
            WHERE m.workflow_id = w AND m.name = n AND m.id = i
            """,
            types: [PostgresType.text.array, PostgresType.text.array, PostgresType.int8.array]
        )
        self.take = StatementText(
            """
            UPDATE \(durable).message AS m SET taken_by = s
            FROM unnest($1, $2, $3, $4) AS row (w, n, i, s)
            WHERE m.workflow_id = w AND m.name = n AND m.id = i
            """,
            types: [
                PostgresType.text.array, PostgresType.text.array, PostgresType.int8.array, PostgresType.text.array,
            ]
        )
        let settled: [PostgresType] = [
            PostgresType.text.array, PostgresType.text.array, PostgresType.text.array, PostgresType.bool.array,
        ]
        self.keep = StatementText(
            """
            DELETE FROM \(durable).message AS m
            USING unnest($1, $2, $3, $4) AS row (w, g, winner, is_nested)
            WHERE m.workflow_id = w AND NOT is_nested
                AND (m.taken_by = winner OR starts_with(m.taken_by, winner || '/'))
            """,
            types: settled
        )
        self.free = StatementText(
            """
            UPDATE \(durable).message AS m SET taken_by = NULL
            FROM unnest($1, $2, $3, $4) AS row (w, g, winner, is_nested)
            WHERE m.workflow_id = w AND starts_with(m.taken_by, g || '[')
                AND NOT (m.taken_by = winner OR starts_with(m.taken_by, winner || '/'))
            """,
            types: settled
        )
        // In the order of the batch: the numbers are the order of receiving.
        self.send = StatementText(
            """
            WITH asked AS MATERIALIZED (
                SELECT w, n, k, b, number
                FROM unnest($1, $2, $3, $4) WITH ORDINALITY AS row (w, n, k, b, number)
            ), known AS (
                INSERT INTO \(durable).message_key (workflow_id, name, key)
                SELECT DISTINCT ON (w, n, k) w, n, k FROM asked WHERE k IS NOT NULL
                ON CONFLICT DO NOTHING
                RETURNING workflow_id, name, key
            ), sent AS (
                INSERT INTO \(durable).message (workflow_id, name, body)
                SELECT w, n, b
                FROM (
                    SELECT DISTINCT ON (w, n, k, CASE WHEN k IS NULL THEN number END) w, n, k, b, number
                    FROM asked ORDER BY w, n, k, CASE WHEN k IS NULL THEN number END, number
                ) AS first
                WHERE k IS NULL OR EXISTS (
                    SELECT FROM known WHERE known.workflow_id = w AND known.name = n AND known.key = k)
                ORDER BY number
                RETURNING workflow_id, name
            )
            INSERT INTO \(durable).inbox (workflow_id, kind, name)
            SELECT DISTINCT workflow_id, 'message', name FROM sent
            """,
            types: [
                PostgresType.text.array, PostgresType.text.array, PostgresType.text.array, PostgresType.json.array,
            ]
        )
        self.signal = StatementText(
            "SELECT \(durable).signal($1, $2, $3, $4)",
            types: [.text, .text, .json, .text]
        )
        self.expectUnfinished = StatementText(
            "SELECT \(durable).expect_unfinished($1, $2)",
            types: [.text, .text]
        )
    }
}

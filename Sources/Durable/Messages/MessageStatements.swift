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

    /// Tokens: `(ids, workflow ids, names)`.
    package let token: StatementText
    /// A token and the mailbox count: `(workflow id, token)`; mailbox, state, last beat, body, error.
    package let lookAtToken: StatementText
    /// The workflow waits no more: `(token)`.
    package let expireToken: StatementText
    /// A token decided from outside: `(token, body)` and `(token, message, code)`; whether this decided it.
    package let completeToken: StatementText
    package let failToken: StatementText
    /// Its holder is at work: `(token)`; whether anybody still waits.
    package let beatToken: StatementText
    /// Calls that begin to wait for an event: `(workflow ids, scopes, positions, names, keys)`.
    package let subscribe: StatementText
    /// Calls that wait no more: `(workflow ids, scopes, positions)`.
    package let unsubscribe: StatementText
    /// Events of a name, and the mailbox count: `(workflow id, name, key, since, except)`.
    ///
    /// Returns mailbox, event, key, body; at most a page.
    package let lookForEvents: StatementText
    /// An event from outside: `(name, key, body)`; its number.
    package let publishEvent: StatementText
    /// Values: `(workflow ids, names, bodies)`.
    package let publish: StatementText
    /// A value: `(workflow id, name)`; version (NULL: none yet), body, whether the workflow has ended; no row: no workflow.
    package let value: StatementText
    /// A workflow that an event starts: `(event, workflow, version, seconds)`.
    package let registerTrigger: StatementText
    /// Answers to updates: `(workflow ids, ids, states, bodies, errors)`.
    package let answer: StatementText
    /// An update from outside: `(workflow id, id, name, body)`.
    package let requestUpdate: StatementText
    /// The answer to an update: `(workflow id, id)`; state, body, error, how the workflow has ended if it has.
    package let updateAnswer: StatementText
    /// Elements of streams: `(workflow ids, scopes, positions, streams, numbers, bodies)`.
    package let append: StatementText
    /// Whether a workflow exists and has ended: `(workflow id)`.
    package let hasEnded: StatementText
    /// Elements behind one: `(workflow id, stream, after)`; id, body, at most a page.
    package let readStream: StatementText

    /// How many events, or elements of a stream, are read at a time.
    static let eventPage = 500

    package init(schema: SchemaName) {
        let durable = schema.quoted
        let text = PostgresType.text.array
        self.token = StatementText(
            "INSERT INTO \(durable).token (id, workflow_id, name) SELECT i, w, n FROM unnest($1, $2, $3) AS row (i, w, n)",
            types: [text, text, text]
        )
        self.lookAtToken = StatementText(
            """
            SELECT l.mailbox, t.state, t.beat_at, t.body, t.error
            FROM \(durable).token AS t LEFT JOIN \(durable).live AS l ON l.workflow_id = $1
            WHERE t.id = $2
            """,
            types: [.text, .text]
        )
        self.expireToken = StatementText(
            """
            UPDATE \(durable).token SET state = 'expired', decided_at = \(durable).clock()
            WHERE id = $1 AND state = 'pending'
            """,
            types: [.text]
        )
        self.completeToken = StatementText("SELECT \(durable).complete_token($1, $2)", types: [.text, .json])
        self.failToken = StatementText("SELECT \(durable).fail_token($1, $2, $3)", types: [.text, .text, .text])
        self.beatToken = StatementText("SELECT \(durable).beat_token($1)", types: [.text])
        self.subscribe = StatementText(
            """
            INSERT INTO \(durable).subscription (workflow_id, scope, position, name, key)
            SELECT w, s, p, n, k FROM unnest($1, $2, $3, $4, $5) AS row (w, s, p, n, k)
            ON CONFLICT (workflow_id, scope, position) DO UPDATE SET name = excluded.name, key = excluded.key
            """,
            types: [text, text, PostgresType.int4.array, text, text]
        )
        self.unsubscribe = StatementText(
            """
            DELETE FROM \(durable).subscription AS b
            USING unnest($1, $2, $3) AS row (w, s, p)
            WHERE b.workflow_id = w AND b.scope = s AND b.position = p
            """,
            types: [text, text, PostgresType.int4.array]
        )
        self.lookForEvents = StatementText(
            """
            SELECT l.mailbox, e.id, e.key, e.body
            FROM (SELECT 1) AS one
            LEFT JOIN \(durable).live AS l ON l.workflow_id = $1
            LEFT JOIN LATERAL (
                SELECT e.id, e.key, e.body FROM \(durable).event AS e
                WHERE e.name = $2 AND e.published_at >= $4 AND ($3 IS NULL OR e.key = $3) AND e.id <> ALL ($5)
                ORDER BY e.published_at, e.id LIMIT \(Self.eventPage)
            ) AS e ON true
            """,
            types: [.text, .text, .text, .timestamptz, PostgresType.int8.array]
        )
        self.publishEvent = StatementText(
            "SELECT \(durable).publish_event($1, $2, $3)",
            types: [.text, .text, .json]
        )
        // Of several values of one name in a batch the last one stays.
        self.publish = StatementText(
            """
            INSERT INTO \(durable).published AS p (workflow_id, name, body, version)
            SELECT DISTINCT ON (w, n) w, n, b, count(*) OVER (PARTITION BY w, n)
            FROM unnest($1, $2, $3) WITH ORDINALITY AS row (w, n, b, number)
            ORDER BY w, n, number DESC
            ON CONFLICT (workflow_id, name) DO UPDATE
            SET body = excluded.body, version = p.version + excluded.version, published_at = excluded.published_at
            """,
            types: [text, text, PostgresType.json.array]
        )
        self.value = StatementText(
            """
            SELECT p.version, p.body, o.workflow_id IS NOT NULL
            FROM \(durable).workflow AS w
            LEFT JOIN \(durable).outcome AS o ON o.workflow_id = w.id
            LEFT JOIN \(durable).published AS p ON p.workflow_id = w.id AND p.name = $2
            WHERE w.id = $1
            """,
            types: [.text, .text]
        )
        self.registerTrigger = StatementText(
            """
            INSERT INTO \(durable).trigger (event, workflow, version, timeout)
            VALUES ($1, $2, $3, make_interval(secs => $4))
            ON CONFLICT (event, workflow) DO UPDATE
            SET version = excluded.version, timeout = excluded.timeout, registered_at = excluded.registered_at
            """,
            types: [.text, .text, .int4, .float8]
        )
        self.answer = StatementText(
            """
            UPDATE \(durable).update_request AS u
            SET state = s, body = b, error = e, answered_at = \(durable).clock()
            FROM unnest($1, $2, $3, $4, $5) AS row (w, i, s, b, e)
            WHERE u.workflow_id = w AND u.id = i AND u.state = 'pending'
            """,
            types: [text, text, text, PostgresType.json.array, PostgresType.json.array]
        )
        self.requestUpdate = StatementText(
            "SELECT \(durable).request_update($1, $2, $3, $4)",
            types: [.text, .text, .text, .json]
        )
        self.updateAnswer = StatementText(
            """
            SELECT u.state, u.body, u.error, o.status::text, u.name
            FROM \(durable).update_request AS u
            LEFT JOIN \(durable).outcome AS o ON o.workflow_id = u.workflow_id
            WHERE u.workflow_id = $1 AND u.id = $2
            """,
            types: [.text, .text]
        )
        // A retried attempt appends its elements again: those that are there stay, and are shown once.
        self.append = StatementText(
            """
            INSERT INTO \(durable).stream (workflow_id, scope, position, name, number, body)
            SELECT w, s, p, n, e, b
            FROM unnest($1, $2, $3, $4, $5, $6) WITH ORDINALITY AS row (w, s, p, n, e, b, number)
            ORDER BY number
            ON CONFLICT DO NOTHING
            """,
            types: [text, text, PostgresType.int4.array, text, PostgresType.int4.array, PostgresType.json.array]
        )
        self.hasEnded = StatementText(
            """
            SELECT o.workflow_id IS NOT NULL FROM \(durable).workflow AS w
            LEFT JOIN \(durable).outcome AS o ON o.workflow_id = w.id WHERE w.id = $1
            """,
            types: [.text]
        )
        self.readStream = StatementText(
            """
            SELECT id, body FROM \(durable).stream
            WHERE workflow_id = $1 AND name = $2 AND id > $3 ORDER BY id LIMIT \(Self.eventPage)
            """,
            types: [.text, .text, .int8]
        )
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

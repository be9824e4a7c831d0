// SPDX-License-Identifier: Apache-2.0

import Libpq

/// The statements that take due workflows, for one schema.
///
/// Due rows lie in `live_due` in piles of one type, version, queue, whether begun, and priority, each ordered by `run_at`. A claim jumps
/// from pile to pile, so that what it costs depends on what it takes, and neither on how much waits nor on how much sleeps.
package final class ClaimStatements: Sendable {
    /// Takes due workflows of queues without limits, and of none: `(number, epoch, names, versions, at most, suspects, run tokens)`.
    ///
    /// Returns workflow id, name, version, run token, recoveries, whether it is being cancelled, mailbox count, whether it may have records,
    /// seed, input, deadline, time of its start, parent, trace context.
    let unlimited: StatementText
    /// Queues with limits that have due workflows of these and a free slot, as it looks: `(number, names, versions)`.
    let waitingQueues: StatementText
    /// Lets no other process take of a queue until the transaction ends: `(queue)`.
    ///
    /// A statement before the claim, so that the claim sees what others have taken.
    let lockQueue: StatementText
    /// Takes due workflows of one queue, not beyond its limits: the parameters of `unlimited`, and the queue.
    let limited: StatementText

    package init(schema name: SchemaName) {
        let durable = name.quoted
        let types: [PostgresType] = [.int4, .int4, .text.array, .int4.array, .int8, .int8, .int8.array]
        let limitless = """
            <> ALL (ARRAY(
                    SELECT q.name FROM \(durable).queue AS q WHERE q.concurrency IS NOT NULL OR q.process_concurrency IS NOT NULL))
            """
        self.unlimited = StatementText(
            Self.claim(durable, room: "$5", of: limitless, in: ""),
            types: types
        )
        self.limited = StatementText(
            Self.claim(
                durable,
                room: "coalesce((SELECT slots.free FROM slots), 0)",
                of: "= $8",
                in: "AND l.queue = $8"
            ),
            types: types + [.text]
        )
        self.lockQueue = StatementText(
            """
            SELECT pg_advisory_xact_lock(
                '\(durable.replacing("'", with: "''")).queue'::regclass::oid::integer, hashtext($1))
            """,
            types: [.text]
        )
        self.waitingQueues = StatementText(Self.waitingQueues(durable), types: [.int4, .text.array, .int4.array])
    }

    /// Types and versions that are offered and not paused.
    ///
    /// The caller shuffles them, so that one busy type does not starve the others.
    private static func offer(_ durable: String, _ names: String, _ versions: String) -> String {
        """
        offer (name, version, number) AS (
            SELECT o.name, o.version, o.number FROM unnest(\(names), \(versions)) WITH ORDINALITY AS o (name, version, number)
            WHERE o.name <> ALL (ARRAY(SELECT p.name FROM \(durable).paused_name AS p))
        )
        """
    }

    private static let isDue = "l.state IN ('queued', 'waiting', 'cancelling')"

    /// Takes nothing that another process is just taking, and locks nothing that it does not take: the limit stops the walk.
    ///
    /// What has begun goes first, then the higher priority, then the older; types take turns.
    private static func claim(
        _ durable: String,
        room: String,
        of queue: String,
        in condition: String
    ) -> String {
        let slots = """
            slots AS MATERIALIZED (
                SELECT greatest(0, least(
                    $5,
                    q.concurrency - \(durable).running_in(q.name),
                    q.process_concurrency
                        - (SELECT count(*) FROM \(durable).live AS l WHERE l.executor = $1 AND l.queue = q.name))) AS free
                FROM \(durable).queue AS q WHERE q.name = $8
            ),
            """
        return """
            WITH RECURSIVE \(self.offer(durable, "$3", "$4")), \(room == "$5" ? "" : slots) pile (name, version, number, queue, begun, priority) AS (
                SELECT offer.name, offer.version, offer.number, first.queue, first.begun, first.priority
                FROM offer CROSS JOIN LATERAL (
                    SELECT l.queue, l.begun, l.priority FROM \(durable).live AS l
                    WHERE l.executor IS NULL AND l.name = offer.name AND l.version = offer.version \(condition)
                    ORDER BY l.queue DESC, l.begun DESC, l.priority DESC LIMIT 1
                ) AS first
                UNION ALL
                SELECT pile.name, pile.version, pile.number, next.queue, next.begun, next.priority
                FROM pile CROSS JOIN LATERAL (
                    SELECT l.queue, l.begun, l.priority FROM \(durable).live AS l
                    WHERE l.executor IS NULL AND l.name = pile.name AND l.version = pile.version \(condition)
                        AND (l.queue, l.begun, l.priority) < (pile.queue, pile.begun, pile.priority)
                    ORDER BY l.queue DESC, l.begun DESC, l.priority DESC LIMIT 1
                ) AS next
            ), suspect AS MATERIALIZED (
                SELECT due.workflow_id, true AS has_history
                FROM offer CROSS JOIN LATERAL (
                    SELECT l.workflow_id FROM \(durable).live AS l
                    WHERE l.executor IS NULL AND l.name = offer.name AND l.version = offer.version
                        AND l.recoveries >= \(RecoveryStatements.suspectFrom) AND l.run_at <= (SELECT \(durable).clock())
                        AND \(self.isDue) AND l.queue \(queue)
                    ORDER BY l.run_at
                    LIMIT least($6, \(room))
                    FOR UPDATE SKIP LOCKED
                ) AS due
                LIMIT least($6, \(room))
            ), innocent AS MATERIALIZED (
                SELECT due.workflow_id, pile.queue = '' OR pile.begun AS has_history
                FROM (
                    SELECT pile.* FROM pile WHERE pile.queue \(queue)
                    ORDER BY pile.begun DESC, pile.priority DESC, pile.number
                ) AS pile CROSS JOIN LATERAL (
                    SELECT l.workflow_id FROM \(durable).live AS l
                    WHERE l.executor IS NULL AND l.name = pile.name AND l.version = pile.version AND l.queue = pile.queue
                        AND l.begun = pile.begun AND l.priority = pile.priority AND l.run_at <= (SELECT \(durable).clock())
                        AND \(self.isDue) AND l.recoveries < \(RecoveryStatements.suspectFrom)
                    ORDER BY l.run_at
                    LIMIT \(room) - (SELECT count(*) FROM suspect)
                    FOR UPDATE SKIP LOCKED
                ) AS due
                LIMIT \(room) - (SELECT count(*) FROM suspect)
            ), taken AS MATERIALIZED (
                SELECT due.workflow_id, due.has_history, row_number() OVER () AS number
                FROM (TABLE suspect UNION ALL TABLE innocent) AS due
            )
            UPDATE \(durable).live AS l
            SET executor = $1, epoch = $2, run = ($7::bigint[])[taken.number], waiting_for = NULL,
                awaits = NULL, begun = true, state = CASE l.state WHEN 'cancelling' THEN l.state ELSE 'running' END
            FROM taken JOIN \(durable).workflow AS w ON w.id = taken.workflow_id
            WHERE l.workflow_id = taken.workflow_id
            RETURNING l.workflow_id, l.name, l.version, l.run, l.recoveries, l.state = 'cancelling', l.mailbox,
                taken.has_history, w.seed, w.input, w.deadline, w.created_at, w.parent, w.trace
            """
    }

    /// No more than a look into the table of queues where none has limits.
    private static func waitingQueues(_ durable: String) -> String {
        """
        WITH RECURSIVE \(self.offer(durable, "$2", "$3")), pile (name, version, queue, begun, priority) AS (
            SELECT offer.name, offer.version, q.name, first.begun, first.priority
            FROM (
                SELECT q.name FROM \(durable).queue AS q
                WHERE (q.concurrency IS NOT NULL OR q.process_concurrency IS NOT NULL)
                    AND (q.concurrency IS NULL OR q.concurrency > \(durable).running_in(q.name))
                    AND (q.process_concurrency IS NULL OR q.process_concurrency
                        > (SELECT count(*) FROM \(durable).live AS l WHERE l.executor = $1 AND l.queue = q.name))
            ) AS q CROSS JOIN offer CROSS JOIN LATERAL (
                SELECT l.begun, l.priority FROM \(durable).live AS l
                WHERE l.executor IS NULL AND l.name = offer.name AND l.version = offer.version AND l.queue = q.name
                ORDER BY l.begun DESC, l.priority DESC LIMIT 1
            ) AS first
            UNION ALL
            SELECT pile.name, pile.version, pile.queue, next.begun, next.priority
            FROM pile CROSS JOIN LATERAL (
                SELECT l.begun, l.priority FROM \(durable).live AS l
                WHERE l.executor IS NULL AND l.name = pile.name AND l.version = pile.version AND l.queue = pile.queue
                    AND (l.begun, l.priority) < (pile.begun, pile.priority)
                ORDER BY l.begun DESC, l.priority DESC LIMIT 1
            ) AS next
        )
        SELECT DISTINCT pile.queue
        FROM pile CROSS JOIN LATERAL (
            SELECT FROM \(durable).live AS l
            WHERE l.executor IS NULL AND l.name = pile.name AND l.version = pile.version AND l.queue = pile.queue
                AND l.begun = pile.begun AND l.priority = pile.priority AND l.run_at <= (SELECT \(durable).clock())
                AND \(self.isDue)
            ORDER BY l.run_at LIMIT 1
        ) AS due
        """
    }
}

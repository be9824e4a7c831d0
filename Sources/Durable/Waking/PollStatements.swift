// SPDX-License-Identifier: Apache-2.0

import Libpq

/// The one statement of a poll, for one schema: whether there is anything to do, for everything that is done by the clock.
package final class PollStatements: Sendable {
    /// Returns whether the inbox, the requests to cancel, the ended children and the requests of people have rows; the types that are paused;
    /// and on a row each the types and versions that have due workflows, with a NULL where there is none.
    let look: StatementText

    package init(schema: SchemaName) {
        let durable = schema.quoted
        self.look = StatementText(
            """
            WITH RECURSIVE pile (name, version, queue, begun, priority) AS (
                (SELECT l.name, l.version, l.queue, l.begun, l.priority FROM \(durable).live AS l
                 WHERE l.executor IS NULL
                 ORDER BY l.name DESC, l.version DESC, l.queue DESC, l.begun DESC, l.priority DESC LIMIT 1)
                UNION ALL
                SELECT next.name, next.version, next.queue, next.begun, next.priority
                FROM pile CROSS JOIN LATERAL (
                    SELECT l.name, l.version, l.queue, l.begun, l.priority FROM \(durable).live AS l
                    WHERE l.executor IS NULL AND (l.name, l.version, l.queue, l.begun, l.priority)
                        < (pile.name, pile.version, pile.queue, pile.begun, pile.priority)
                    ORDER BY l.name DESC, l.version DESC, l.queue DESC, l.begun DESC, l.priority DESC LIMIT 1
                ) AS next
            ), due AS (
                SELECT DISTINCT pile.name, pile.version
                FROM pile CROSS JOIN LATERAL (
                    SELECT FROM \(durable).live AS l
                    WHERE l.executor IS NULL AND l.name = pile.name AND l.version = pile.version AND l.queue = pile.queue
                        AND l.begun = pile.begun AND l.priority = pile.priority
                        AND l.run_at <= (SELECT \(durable).clock()) AND l.state IN ('queued', 'waiting', 'cancelling')
                    ORDER BY l.run_at LIMIT 1
                ) AS first
                LIMIT 1000
            )
            SELECT EXISTS (SELECT FROM \(durable).inbox), EXISTS (SELECT FROM \(durable).cancellation),
                   EXISTS (SELECT FROM \(durable).ended_child), EXISTS (SELECT FROM \(durable).request),
                   ARRAY(SELECT p.name FROM \(durable).paused_name AS p), due.name, due.version
            FROM (VALUES (1)) AS one LEFT JOIN due ON true
            """
        )
    }
}

// SPDX-License-Identifier: Apache-2.0

import Libpq

/// The statements by which processes find each other's unfinished work, take it over and share it, for one schema.
///
/// They touch `live` only through its three indexes, whatever its size, under the settings of the engine's connections
/// (generic plans, no sequential scans).
package final class RecoveryStatements: Sendable {
    /// Executors that are dead or gone, apart from this one: `(own number)`.
    let deadExecutors: StatementText
    /// In how many seconds the next lease of another executor ends: `(own number)`; NULL if none is left.
    let nextLeaseEnd: StatementText
    /// Declares an executor dead: `(number, proven gone)`; true when it can write nothing any more.
    let takeOver: StatementText
    /// Ends the sessions that hold a dead executor's fence: `(number, proven gone)`; how many.
    let terminateHolders: StatementText
    /// Frees rows of a fenced executor: `(number, at most, recoveries that pause)`.
    ///
    /// Returns workflow id, whether it was paused, recoveries.
    let free: StatementText
    /// Removes the list of steps that a fenced executor was running: `(number)`.
    let clearActivity: StatementText
    /// What an executor owns: `(number)`; workflow id and run token.
    let owned: StatementText
    /// Gives workflows back that the process does not run: `(number, workflow ids, run tokens)`.
    let release: StatementText

    package init(schema name: SchemaName) {
        let durable = name.quoted
        // Two sources, both small: owners without a lease (found by jumping from owner to owner in live_owner), and leases
        // that are over. The epoch need not be looked at: a fenced identity never has a lease again.
        self.deadExecutors = StatementText(
            """
            WITH RECURSIVE owner (executor) AS (
                (SELECT l.executor FROM \(durable).live AS l WHERE l.executor IS NOT NULL ORDER BY l.executor LIMIT 1)
                UNION ALL
                SELECT (SELECT l.executor FROM \(durable).live AS l
                        WHERE l.executor > owner.executor ORDER BY l.executor LIMIT 1)
                FROM owner WHERE owner.executor IS NOT NULL
            ), server AS MATERIALIZED (
                SELECT \(durable).observe_server() AS since
            ), dead (executor) AS (
                SELECT owner.executor FROM owner
                WHERE owner.executor IS NOT NULL
                    AND NOT EXISTS (SELECT FROM \(durable).lease AS l WHERE l.executor = owner.executor)
                UNION
                SELECT l.executor FROM \(durable).lease AS l CROSS JOIN server
                WHERE \(durable).clock() > greatest(l.expires_at, server.since + l.period)
            )
            SELECT dead.executor FROM dead WHERE dead.executor <> $1 ORDER BY dead.executor
            """,
            types: [.int4]
        )
        // Those that are over already are left out: who resists a takeover is tried again by the clock.
        self.nextLeaseEnd = StatementText(
            """
            SELECT extract(epoch FROM min(ends.at) - \(durable).clock())::double precision
            FROM \(durable).lease AS l
            CROSS JOIN \(durable).server AS s
            CROSS JOIN LATERAL (SELECT greatest(l.expires_at, s.since + l.period)) AS ends (at)
            WHERE l.executor <> $1 AND ends.at > \(durable).clock()
            """,
            types: [.int4]
        )
        self.takeOver = StatementText("SELECT \(durable).take_over($1, $2)", types: [.int4, .bool])
        self.terminateHolders = StatementText("SELECT \(durable).terminate_holders($1, $2)", types: [.int4, .bool])
        self.free = StatementText(Self.free(durable), types: [.int4, .int8, .int4])
        self.clearActivity = StatementText(
            """
            DELETE FROM \(durable).activity AS a
            USING (
                SELECT workflow_id, scope, position FROM \(durable).activity WHERE executor = $1 FOR UPDATE SKIP LOCKED
            ) AS dead
            WHERE a.workflow_id = dead.workflow_id AND a.scope = dead.scope AND a.position = dead.position
            """,
            types: [.int4]
        )
        self.owned = StatementText(
            "SELECT l.workflow_id, l.run FROM \(durable).live AS l WHERE l.executor = $1",
            types: [.int4]
        )
        self.release = StatementText(
            """
            UPDATE \(durable).live AS l
            SET executor = NULL, epoch = NULL, run = NULL, run_at = \(durable).clock(),
                state = CASE l.state WHEN 'running' THEN 'queued' ELSE l.state END
            FROM unnest($2, $3) AS row (workflow_id, run)
            WHERE l.workflow_id = row.workflow_id AND l.run = row.run AND l.executor = $1
            """,
            types: [.int4, .text.array, .int8.array]
        )
    }

    /// Poison: only a takeover of a run that has recorded nothing since the takeover before it counts, and a record
    /// since then sets the count back.
    ///
    /// What an executor left behind in order (`stopped_at`) does not count: it did not die of it. Only rows that
    /// nobody else has locked are taken: of several processes that clear up at once, each takes a share.
    private static func free(_ durable: String) -> String {
        """
        WITH dead AS MATERIALIZED (
            SELECT l.workflow_id, l.state, l.progress, l.recoveries
            FROM \(durable).live AS l
            WHERE l.executor = $1
            LIMIT $2
            FOR UPDATE SKIP LOCKED
        ), seen AS MATERIALIZED (
            SELECT dead.workflow_id, dead.progress, dead.recoveries, dead.state IN ('running', 'cancelling') AS was_active,
                   dead.state IN ('running', 'cancelling')
                       AND NOT coalesce((SELECT e.stopped_at IS NOT NULL FROM \(durable).executor AS e
                                         WHERE e.number = $1), false) AS counts,
                   (SELECT count(*) FROM \(durable).journal AS j WHERE j.workflow_id = dead.workflow_id)::integer
                       AS recorded
            FROM dead
        ), judged AS MATERIALIZED (
            SELECT seen.workflow_id, seen.was_active,
                   CASE WHEN seen.counts THEN seen.recorded ELSE seen.progress END AS progress,
                   CASE WHEN NOT seen.counts THEN seen.recoveries
                        WHEN seen.recorded <> seen.progress THEN 0
                        ELSE seen.recoveries + 1 END AS recoveries,
                   seen.counts AND seen.recorded = seen.progress AND seen.recoveries + 1 >= $3 AS is_poison
            FROM seen
        )
        UPDATE \(durable).live AS l
        SET executor = NULL, epoch = NULL, run = NULL,
            progress = judged.progress, recoveries = least(judged.recoveries, 32767)::smallint,
            state = CASE WHEN judged.is_poison THEN 'paused'
                         WHEN l.state = 'running' THEN 'queued'
                         ELSE l.state END,
            run_at = CASE WHEN judged.is_poison THEN 'infinity'
                          WHEN judged.was_active THEN \(durable).clock()
                          ELSE l.run_at END,
            reason = CASE WHEN judged.is_poison THEN 'crash_loop' ELSE l.reason END,
            error = CASE WHEN judged.is_poison THEN json_build_object(
                'type', 'CrashLoop',
                'message', 'Its process died ' || judged.recoveries || ' times while this workflow ran and recorded '
                    || 'nothing new. Find out what the step after the last recorded one does to the process, then resume.')
                ELSE l.error END
        FROM judged
        WHERE l.workflow_id = judged.workflow_id
        RETURNING l.workflow_id, judged.is_poison, judged.recoveries
        """
    }

    /// A workflow with this many recoveries runs alone: its process may be dying of it.
    static let suspectFrom: Int16 = 2
}

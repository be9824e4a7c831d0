// SPDX-License-Identifier: Apache-2.0

import Libpq

/// The statements of cancellation, children and continuations, for one schema.
package final class LineageStatements: Sendable {
    // What a run writes it writes as long as the workflow is its own: another run may have gone on differently.

    /// Starts children that are not there yet; their parents stay their runs' own until the commit.
    let children: StatementText
    /// Groups of children.
    let groups: StatementText
    /// Groups whose children have all been started: what was stopped meanwhile is cancelled whole.
    let closeGroups: StatementText
    /// Asks the children that follow a workflow to end.
    let cancelChildren: StatementText
    /// Removes requests to cancel whose clean-up is recorded.
    let cancellationTaken: StatementText
    /// Begins workflows anew: only their own runs may.
    let continuation: StatementText
    /// Outcomes of workflows that have a parent: counted for it in the same transaction.
    let childOutcome: StatementText
    /// `(at most)`: carries requests to what nobody runs; how many ended, how many are due now.
    let routeCancellations: StatementText
    /// `(at most)`: counts ended children; how many rows, how many got their turn, how many groups are done.
    let routeChildren: StatementText
    /// Requests for what an executor runs: `(number)`; workflow, run token, last request, first reason.
    let requested: StatementText
    /// Requests for some workflows: `(ids)`; workflow, last request, first reason, whether one was made of a workflow that
    /// was paused since its code does not know what it has recorded.
    let requests: StatementText
    /// Asks a workflow to end: `(id, reason)`; the answer in a word.
    let cancel: StatementText
    /// `(parent, place)`: mailbox of the parent, whether a child of the call is left.
    let isLeft: StatementText
    /// `(ids)`: outcomes in the order of the ids; NULLs where there is none.
    let outcomes: StatementText

    package init(schema: SchemaName) {
        let durable = schema.quoted
        // `IS TRUE` keeps the two look-ups from becoming joins, which would compare every child with every other: joins by
        // hash are off in the engine's sessions, and a look-up by hash is not.
        self.children = StatementText(
            """
            WITH own AS MATERIALIZED (
                SELECT l.workflow_id FROM unnest($11, $12) AS row (w, r)
                JOIN \(durable).live AS l ON l.workflow_id = w AND l.run = r
                FOR SHARE OF l
            ), started AS (
                INSERT INTO \(durable).workflow (id, name, version, input, deadline, parent, created_at, trace)
                SELECT w, n, v, i, d, p, t, c
                FROM \(ArrayRows.table(["w": 1, "n": 2, "v": 3, "i": 4, "d": 5, "p": 6, "t": 7, "c": 13]))
                WHERE (p IN (SELECT own.workflow_id FROM own)) IS TRUE
                ON CONFLICT DO NOTHING
                RETURNING id
            )
            INSERT INTO \(durable).live (workflow_id, name, version, state, run_at, parent, place, follows)
            SELECT w, n, v, 'queued', CASE WHEN h THEN 'infinity' ELSE t END, p, l, f
            FROM \(ArrayRows.table(["w": 1, "n": 2, "v": 3, "p": 6, "t": 7, "l": 8, "f": 9, "h": 10]))
            WHERE (w IN (SELECT started.id FROM started)) IS TRUE
            """,
            types: [
                PostgresType.text.array, PostgresType.text.array, PostgresType.int4.array, PostgresType.json.array,
                PostgresType.timestamptz.array, PostgresType.text.array, PostgresType.timestamptz.array,
                PostgresType.text.array, PostgresType.bool.array, PostgresType.bool.array, PostgresType.text.array,
                PostgresType.int8.array, PostgresType.json.array,
            ]
        )
        self.groups = StatementText(
            """
            INSERT INTO \(durable).child_group (parent, place, concurrency, tolerated, released, is_open)
            SELECT p, l, c, t, r, o FROM unnest($1, $2, $3, $4, $5, $6, $7) AS row (p, l, c, t, r, token, o)
            JOIN \(durable).live AS own ON own.workflow_id = p AND own.run = token
            ON CONFLICT DO NOTHING
            """,
            types: [
                PostgresType.text.array, PostgresType.text.array, PostgresType.int4.array, PostgresType.int4.array,
                PostgresType.int4.array, PostgresType.int8.array, PostgresType.bool.array,
            ]
        )
        self.closeGroups = StatementText(
            "SELECT \(durable).close_child_groups($1, $2, $3)",
            types: [PostgresType.text.array, PostgresType.text.array, PostgresType.int8.array]
        )
        self.cancelChildren = StatementText(
            """
            INSERT INTO \(durable).cancellation (workflow_id, reason)
            SELECT l.workflow_id, r FROM unnest($1, $2, $3) AS row (p, r, token)
            JOIN \(durable).live AS own ON own.workflow_id = p AND own.run = token
            JOIN \(durable).live AS l ON l.parent = p AND l.follows AND l.state <> 'cancelling'
            """,
            types: [PostgresType.text.array, PostgresType.text.array, PostgresType.int8.array]
        )
        self.cancellationTaken = StatementText(
            """
            DELETE FROM \(durable).cancellation AS c
            USING unnest($1, $2, $3) AS row (w, i, token)
            JOIN \(durable).live AS own ON own.workflow_id = w AND own.run = token
            WHERE c.workflow_id = w AND c.id <= i
            """,
            types: [PostgresType.text.array, PostgresType.int8.array, PostgresType.int8.array]
        )
        self.continuation = StatementText(
            "SELECT \(durable).continue_as_new($1, $2, $3, $4, $5, $6)",
            types: [
                PostgresType.text.array, PostgresType.int4.array, PostgresType.int8.array,
                PostgresType.timestamptz.array, PostgresType.json.array, .int4,
            ]
        )
        self.childOutcome = StatementText(
            """
            WITH gone AS (
                DELETE FROM \(durable).live AS l
                USING \(ArrayRows.table(["w": 1, "r": 2, "s": 3, "o": 4, "e": 5, "t": 6]))
                WHERE l.workflow_id = w AND l.run = r
                RETURNING w, r, s, o, e, t, l.parent, l.place
            ), told AS (
                INSERT INTO \(durable).ended_child (parent, place, ended, failed)
                SELECT parent, place, count(*), count(*) FILTER (WHERE s <> 'succeeded')
                FROM gone WHERE parent IS NOT NULL GROUP BY parent, place
            )
            INSERT INTO \(durable).outcome (workflow_id, status, run, executor, finished_at, output, error)
            SELECT w, s::\(durable).workflow_state, r, $7, t, o, e FROM gone
            """,
            types: [
                PostgresType.text.array, PostgresType.int8.array, PostgresType.text.array, PostgresType.json.array,
                PostgresType.json.array, PostgresType.timestamptz.array, .int4,
            ]
        )
        self.routeCancellations = StatementText(
            "SELECT ended, woken FROM \(durable).route_cancellations($1)",
            types: [.int4]
        )
        self.routeChildren = StatementText(
            "SELECT taken, released, completed FROM \(durable).route_children($1)",
            types: [.int4]
        )
        self.requested = StatementText(
            """
            SELECT c.workflow_id, l.run, max(c.id), (array_agg(c.reason ORDER BY c.id))[1]
            FROM \(durable).cancellation AS c JOIN \(durable).live AS l ON l.workflow_id = c.workflow_id
            WHERE l.executor = $1 GROUP BY c.workflow_id, l.run
            """,
            types: [.int4]
        )
        self.requests = StatementText(
            """
            SELECT c.workflow_id, max(c.id), (array_agg(c.reason ORDER BY c.id))[1],
                bool_or(c.paused IN ('diverged', 'undecodable')) IS TRUE
            FROM \(durable).cancellation AS c WHERE c.workflow_id = ANY ($1) GROUP BY c.workflow_id
            """,
            types: [PostgresType.text.array]
        )
        self.cancel = StatementText("SELECT \(durable).cancel($1, $2)", types: [.text, .text])
        self.isLeft = StatementText(
            """
            SELECT l.mailbox, EXISTS (SELECT FROM \(durable).live AS c WHERE c.parent = $1 AND c.place = $2)
            FROM \(durable).live AS l WHERE l.workflow_id = $1
            """,
            types: [.text, .text]
        )
        self.outcomes = StatementText(
            """
            SELECT o.status::text, o.output, o.error
            FROM unnest($1) WITH ORDINALITY AS row (w, n) LEFT JOIN \(durable).outcome AS o ON o.workflow_id = w
            ORDER BY n
            """,
            types: [PostgresType.text.array]
        )
    }
}

// SPDX-License-Identifier: Apache-2.0

import Libpq

/// The statements of cancellation, children and continuations, for one schema.
package final class LineageStatements: Sendable {
    /// Starts children that are not there yet.
    let children: StatementText
    /// Groups of children.
    let groups: StatementText
    /// Asks the children that follow a workflow to end.
    let cancelChildren: StatementText
    /// Removes requests to cancel that are being carried out.
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
    /// Requests for some workflows: `(ids)`; workflow, last request, first reason.
    let requests: StatementText
    /// Asks a workflow to end: `(id, reason)`; the answer in a word.
    let cancel: StatementText
    /// `(parent, place)`: mailbox of the parent, whether a child of the call is left.
    let isLeft: StatementText
    /// `(ids)`: outcomes in the order of the ids; NULLs where there is none.
    let outcomes: StatementText

    package init(schema: SchemaName) {
        let durable = schema.quoted
        self.children = StatementText(
            """
            WITH started AS (
                INSERT INTO \(durable).workflow (id, name, version, input, deadline, parent, created_at)
                SELECT w, n, v, i, d, p, t FROM unnest($1, $2, $3, $4, $5, $6, $7) AS row (w, n, v, i, d, p, t)
                ON CONFLICT DO NOTHING
                RETURNING id, name, version, parent, created_at
            )
            INSERT INTO \(durable).live (workflow_id, name, version, state, run_at, parent, place, follows)
            SELECT s.id, s.name, s.version, 'queued', CASE WHEN h THEN 'infinity' ELSE s.created_at END, s.parent, l, f
            FROM started AS s JOIN unnest($1, $8, $9, $10) AS row (w, l, f, h) ON w = s.id
            """,
            types: [
                PostgresType.text.array, PostgresType.text.array, PostgresType.int4.array, PostgresType.json.array,
                PostgresType.timestamptz.array, PostgresType.text.array, PostgresType.timestamptz.array,
                PostgresType.text.array, PostgresType.bool.array, PostgresType.bool.array,
            ]
        )
        self.groups = StatementText(
            """
            INSERT INTO \(durable).child_group (parent, place, concurrency, tolerated, released)
            SELECT p, l, c, t, r FROM unnest($1, $2, $3, $4, $5) AS row (p, l, c, t, r) ON CONFLICT DO NOTHING
            """,
            types: [
                PostgresType.text.array, PostgresType.text.array, PostgresType.int4.array, PostgresType.int4.array,
                PostgresType.int4.array,
            ]
        )
        self.cancelChildren = StatementText(
            """
            INSERT INTO \(durable).cancellation (workflow_id, reason)
            SELECT l.workflow_id, r FROM unnest($1, $2) AS row (p, r)
            JOIN \(durable).live AS l ON l.parent = p AND l.follows AND l.state <> 'cancelling'
            """,
            types: [PostgresType.text.array, PostgresType.text.array]
        )
        self.cancellationTaken = StatementText(
            """
            DELETE FROM \(durable).cancellation AS c USING unnest($1, $2) AS row (w, i)
            WHERE c.workflow_id = w AND c.id <= i
            """,
            types: [PostgresType.text.array, PostgresType.int8.array]
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
                USING unnest($1, $2, $3, $4, $5, $6) AS row (w, r, s, o, e, t)
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
            SELECT c.workflow_id, max(c.id), (array_agg(c.reason ORDER BY c.id))[1]
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

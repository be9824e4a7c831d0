// SPDX-License-Identifier: Apache-2.0

package import Libpq

/// The statements by which a process registers, keeps its lease and gives it back, for one schema.
package final class ExecutorStatements: Sendable {
    /// The schema's name, quoted.
    let schema: String
    /// First in every transaction that writes as an executor: `(number, epoch, server)`.
    package let fence: StatementText
    /// Notes the server's start if it is a new one: only from then on do old leases count down.
    let observeServer: StatementText
    /// Enters the executor and its lease.
    ///
    /// Returns number, epoch, server start, clock, and the lease's end.
    let register: StatementText
    /// Other executors of this name with a lease, valid or not: `(name, own id)`.
    let namesakes: StatementText
    /// Renews the lease: `(number, for how many microseconds the writer is behind, or NULL)`.
    ///
    /// One row: end before, end now (both NULL when there is no lease), server start, clock.
    let renew: StatementText
    /// Gives the lease back, so that others take over at once: `(number)`.
    let stop: StatementText
    /// Removes the rows of steps that have ended: `(number, workflow ids, scopes, positions)`.
    let removeActivity: StatementText
    /// Removes every row of an executor: `(number)`.
    let clearActivity: StatementText
    /// Enters steps that have been running for a while.
    let enterActivity: StatementText

    package init(schema name: SchemaName) {
        let durable = name.quoted
        self.schema = durable
        self.fence = StatementText("SELECT \(durable).fence($1, $2, $3)", types: [.int4, .int4, .int8])
        self.observeServer = StatementText("SELECT \(durable).observe_server()")
        self.register = StatementText(
            """
            WITH entered AS (
                INSERT INTO \(durable).executor (id, name, host, pid, boot_id, pid_namespace, process_started,
                                                 build, code_generation, workflows)
                VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10::jsonb)
                RETURNING number, epoch
            ), leased AS (
                INSERT INTO \(durable).lease (executor, expires_at, renewed_at, period)
                SELECT number, \(durable).clock() + $11 * interval '1 microsecond', \(durable).clock(),
                       $11 * interval '1 microsecond'
                FROM entered
                RETURNING expires_at
            )
            SELECT entered.number, entered.epoch, \(durable).incarnation(),
                   \(SQLFragments.microseconds("\(durable).clock()")),
                   \(SQLFragments.microseconds("leased.expires_at"))
            FROM entered CROSS JOIN leased
            """,
            types: [.uuid, .text, .text, .int4, .text, .text, .text, .text, .int4, .text, .int8]
        )
        // From the leases, which are few: the table of executors only grows.
        self.namesakes = StatementText(
            """
            SELECT e.number, e.host, e.pid, e.boot_id, e.pid_namespace, e.process_started
            FROM \(durable).lease AS l
            CROSS JOIN LATERAL (
                SELECT * FROM \(durable).executor AS e WHERE e.number = l.executor AND e.fenced_at IS NULL LIMIT 1
            ) AS e
            WHERE e.name = $1 AND e.id <> $2
            ORDER BY e.number
            """,
            types: [.text, .uuid]
        )
        // Both parts see the table as it was when the statement began, so `before` is the end that this renewal replaces.
        self.renew = StatementText(
            """
            WITH before AS (
                SELECT l.expires_at FROM \(durable).lease AS l WHERE l.executor = $1
            ), renewed AS (
                UPDATE \(durable).lease AS l
                SET expires_at = \(durable).clock() + l.period, renewed_at = \(durable).clock(),
                    behind_since = \(durable).clock() - $2 * interval '1 microsecond'
                WHERE l.executor = $1
                RETURNING l.expires_at
            )
            SELECT (SELECT \(SQLFragments.microseconds("before.expires_at")) FROM before),
                   (SELECT \(SQLFragments.microseconds("renewed.expires_at")) FROM renewed),
                   \(durable).incarnation(),
                   \(SQLFragments.microseconds("\(durable).clock()"))
            """,
            types: [.int4, .int8]
        )
        self.stop = StatementText(
            """
            WITH released AS (
                DELETE FROM \(durable).lease AS l WHERE l.executor = $1
            )
            UPDATE \(durable).executor AS e SET stopped_at = \(durable).clock()
            WHERE e.number = $1 AND e.fenced_at IS NULL AND e.stopped_at IS NULL
            """,
            types: [.int4]
        )
        self.removeActivity = StatementText(
            """
            DELETE FROM \(durable).activity AS a
            USING unnest($2, $3, $4) AS ended (workflow_id, scope, position)
            WHERE a.workflow_id = ended.workflow_id AND a.scope = ended.scope AND a.position = ended.position
                AND a.executor = $1
            """,
            types: [.int4, .text.array, .text.array, .int4.array]
        )
        self.clearActivity = StatementText(
            "DELETE FROM \(durable).activity AS a WHERE a.executor = $1",
            types: [.int4]
        )
        // A place has one row: of two attempts that run by mistake in two processes, the later one is shown.
        self.enterActivity = StatementText(
            """
            INSERT INTO \(durable).activity AS a (executor, workflow_id, scope, position, kind, attempt, started_at, name)
            SELECT $1, row.workflow_id, row.scope, row.position, row.kind, row.attempt, row.started_at, row.name
            FROM unnest($2, $3, $4, $5, $6, $7, $8)
                AS row (workflow_id, scope, position, kind, attempt, started_at, name)
            ON CONFLICT (workflow_id, scope, position) DO UPDATE
            SET executor = excluded.executor, kind = excluded.kind, attempt = excluded.attempt,
                started_at = excluded.started_at, name = excluded.name
            """,
            types: [
                .int4, .text.array, .text.array, .int4.array, .int2.array, .int2.array, .timestamptz.array, .text.array,
            ]
        )
    }
}

// SPDX-License-Identifier: Apache-2.0

import Libpq

/// The statements that frame a transaction step, for one schema.
package final class TransactionStatements: Sendable {
    /// Refuses the transaction of a superseded executor, at READ COMMITTED.
    let fence: StatementText
    /// The same over a session that holds the fence, or is believed to.
    let heldFence: StatementText
    /// Has the session hold the fence from now on; see ``SessionFence``.
    let holdFence: StatementText
    /// The same for higher isolation levels, where only a row lock sees a newer epoch.
    let strictFence: StatementText
    /// The checkpoint, pipelined with COMMIT.
    ///
    /// A plain INSERT: a second writer of the place must fail, and its rows with it.
    let record: StatementText
    /// What stands at one place.
    let recorded: StatementText
    /// Which run owns a workflow.
    let owner: StatementText
    /// The public pair for connections of other libraries, with parameters of the type `text` only.
    let beginStep: String
    let recordStep: String

    package init(schema: SchemaName) {
        let durable = schema.quoted
        self.fence = StatementText("SELECT \(durable).fence($1, $2, $3)", types: [.int4, .int4, .int8])
        self.heldFence = StatementText(
            "SELECT CASE WHEN \(durable).reenter_fence($1, $4) THEN NULL ELSE \(durable).fence($1, $2, $3) END",
            types: [.int4, .int4, .int8, .text]
        )
        self.holdFence = StatementText(
            "SELECT \(durable).hold_fence($1, $2, $3, $4)",
            types: [.int4, .int4, .int8, .int4]
        )
        self.strictFence = StatementText("SELECT \(durable).fence_strict($1, $2, $3)", types: [.int4, .int4, .int8])
        self.record = StatementText(
            """
            INSERT INTO \(durable).journal (workflow_id, scope, position, phase, kind, attempt, executor, run, at,
                                            seconds, name, output, fingerprint)
            VALUES ($1, $2, $3, 0, $4, $5, $6, $7, $8, $9, $10, $11, $12)
            \(Protection.firstWriter.isOn ? "" : "ON CONFLICT DO NOTHING")
            """,
            types: [.text, .text, .int4, .int2, .int2, .int4, .int8, .timestamptz, .float4, .text, .json, .int8]
        )
        self.recorded = StatementText(
            """
            SELECT run, output, error, at FROM \(durable).journal
            WHERE workflow_id = $1 AND scope = $2 AND position = $3 AND phase = 0
            """,
            types: [.text, .text, .int4]
        )
        self.owner = StatementText("SELECT run FROM \(durable).live WHERE workflow_id = $1", types: [.text])
        self.beginStep = """
            SELECT CASE WHEN \(durable).begin_step($1::text::integer, $2::text::integer, $3::text::bigint, $4::text,
                                                   $5::text, $6::text::integer, $7::text::bigint)
                   THEN 'go' ELSE 'recorded' END
            """
        self.recordStep = """
            SELECT ((extract(epoch FROM \(durable).record_step($1::text::integer, $2::text, $3::text, $4::text::integer,
                                                               $5::text::bigint, $6::text, $7::text::json,
                                                               $8::text::integer, $9::text::real))
                     - 946684800) * 1000000)::bigint::text
            """
    }

    /// BEGIN says everything that the session's defaults might say otherwise.
    static func begin(_ isolation: PostgresIsolation) -> StatementText {
        switch isolation {
        case .readCommitted: self.beginReadCommitted
        case .repeatableRead: self.beginRepeatableRead
        case .serializable: self.beginSerializable
        }
    }

    private static let beginReadCommitted = StatementText("BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE")
    private static let beginRepeatableRead = StatementText("BEGIN ISOLATION LEVEL REPEATABLE READ READ WRITE")
    private static let beginSerializable = StatementText("BEGIN ISOLATION LEVEL SERIALIZABLE READ WRITE NOT DEFERRABLE")
    static let commit = StatementText("COMMIT")
    static let rollback = StatementText("ROLLBACK")
}

// SPDX-License-Identifier: Apache-2.0

package import Libpq

/// The statements of the journal writer, for one schema.
///
/// One statement per kind of row, over binary arrays, serves every batch size. Only checkpoints have further forms: a
/// lone row is what a lone workflow waits for, and thirteen arrays cost the server 30 µs more than thirteen values, a fence
/// in a statement of its own 15 µs, and a call of the fence 11 µs.
package final class JournalStatements: Sendable {
    /// First in every batch: refuses it if this executor was declared dead, or the server is another one.
    package let fence: StatementText
    /// Starts under ids that this process made up.
    package let start: StatementText
    /// Starts under ids that callers chose: the first one wins, and the tag counts only the new ones.
    package let guardedStart: StatementText
    /// Checkpoints and notes.
    ///
    /// A plain INSERT: a conflict raises, and costs nothing where there is none.
    package let record: StatementText
    /// Checkpoints of runs that must still own their workflow: the tag counts those that do.
    package let ownedRecord: StatementText
    /// One checkpoint or note, for batches of very few.
    package let singleRecord: StatementText
    /// The fence and one checkpoint or note, for a batch of one row.
    ///
    /// The fence is called before there is a row, and its look at the epoch has a snapshot of its own, as in a statement of its own.
    package let fencedRecord: StatementText
    /// One checkpoint or note over a session that holds the fence: no row, and no error, where it does not.
    package let heldRecord: StatementText
    /// Has the session hold the fence from now on, and says what it is recognised by; NULL when it is not the writer's own.
    package let holdFence: StatementText
    /// Outcomes.
    ///
    /// Only the run that owns the workflow ends it.
    package let outcome: StatementText
    /// Runs that give their workflow back.
    ///
    /// Where more has come in than the run has seen, the workflow is due at once: whoever looked, looks again.
    package let release: StatementText
    /// A record in the write-ahead log, so that a batch without rows is a commit worth waiting for.
    package let commit: StatementText
    /// What rides along with checkpoints.
    package let messages: MessageStatements
    /// Which of some journal rows exist, and which run wrote them.
    package let existingRecords: StatementText
    /// Which of some outcomes exist, and which run wrote them.
    package let existingOutcomes: StatementText
    /// Which of some workflows are owned, and by which run.
    package let owners: StatementText
    /// Which of some workflows exist, and which run started them.
    package let starters: StatementText

    /// Children, cancellation, continuations.
    package let lineage: LineageStatements

    package init(schema: SchemaName) {
        let durable = schema.quoted
        let ofRun = Protection.runNumber.isOn ? "l.run = r" : "true"
        let isStale = Protection.conditionalPark.isOn ? "l.mailbox > m" : "false"
        self.messages = MessageStatements(schema: schema)
        self.lineage = LineageStatements(schema: schema)
        self.fence = StatementText("SELECT \(durable).fence($1, $2, $3)", types: [.int4, .int4, .int8])
        self.start = StatementText(Self.start(durable, onConflict: ""), types: Self.startTypes)
        self.guardedStart = StatementText(
            Self.start(durable, onConflict: "ON CONFLICT DO NOTHING"),
            types: Self.startTypes
        )
        self.record = StatementText(
            """
            INSERT INTO \(durable).journal (\(Self.journalColumns))
            \(ArrayRows.query(Self.recordColumns)), $15
            """,
            types: Self.recordTypes
        )
        self.ownedRecord = StatementText(
            """
            INSERT INTO \(durable).journal (\(Self.journalColumns))
            SELECT w, s, p, f, k, a, r, t, d, u, n, o, e, h, $15
            FROM \(ArrayRows.table(Self.recordColumns))
            JOIN \(durable).live AS own ON own.workflow_id = w AND own.run = r
            """,
            types: Self.recordTypes
        )
        let values = (1...15).map { "$\($0)" }.joined(separator: ", ")
        let single = "INSERT INTO \(durable).journal (\(Self.journalColumns))"
        self.singleRecord = StatementText("\(single) VALUES (\(values))", types: Self.singleTypes)
        self.fencedRecord = StatementText(
            "\(single) SELECT \(values) FROM \(durable).fence($15, $16, $17)",
            types: Self.singleTypes + [.int4, .int8]
        )
        self.heldRecord = StatementText(
            "\(single) SELECT \(values) WHERE \(durable).holds_fence($16)",
            types: Self.singleTypes + [.text]
        )
        self.holdFence = StatementText(
            "SELECT \(durable).hold_fence($1, $2, $3, $4)",
            types: [.int4, .int4, .int8, .int4]
        )
        self.outcome = StatementText(
            """
            WITH gone AS (
                DELETE FROM \(durable).live AS l
                USING \(ArrayRows.table(["w": 1, "r": 2, "s": 3, "o": 4, "e": 5, "t": 6]))
                WHERE l.workflow_id = w AND \(ofRun)
                RETURNING w, r, s, o, e, t
            )
            INSERT INTO \(durable).outcome (workflow_id, status, run, executor, finished_at, output, error)
            SELECT w, s::\(durable).workflow_state, r, $7, t, o, e FROM gone
            """,
            types: [
                PostgresType.text.array, PostgresType.int8.array, PostgresType.text.array, PostgresType.json.array,
                PostgresType.json.array, PostgresType.timestamptz.array, .int4,
            ]
        )
        self.release = StatementText(
            """
            UPDATE \(durable).live AS l
            SET executor = NULL, epoch = NULL, run = NULL, state = s::\(durable).workflow_state,
                run_at = CASE WHEN \(isStale) THEN least(t, \(durable).clock()) ELSE t END,
                waiting_for = f, reason = c, error = e, awaits = string_to_array(a, chr(10)),
                recoveries = CASE WHEN s = 'waiting' THEN 0 ELSE recoveries END
            FROM \(ArrayRows.table(["w": 1, "r": 2, "s": 3, "t": 4, "f": 5, "c": 6, "e": 7, "a": 8, "m": 9]))
            WHERE l.workflow_id = w AND \(ofRun)
            """,
            types: [
                PostgresType.text.array, PostgresType.int8.array, PostgresType.text.array,
                PostgresType.timestamptz.array, PostgresType.text.array, PostgresType.text.array,
                PostgresType.json.array, PostgresType.text.array, PostgresType.int8.array,
            ]
        )
        self.commit = StatementText("SELECT pg_logical_emit_message(true, 'durable', '')")
        self.existingRecords = StatementText(
            """
            SELECT j.workflow_id, j.scope, j.position, j.phase, j.run
            FROM unnest($1, $2, $3, $4) AS row (w, s, p, f)
            JOIN \(durable).journal AS j
                ON j.workflow_id = w AND j.scope = s AND j.position = p AND j.phase = f
            """,
            types: [PostgresType.text.array, PostgresType.text.array, PostgresType.int4.array, PostgresType.int2.array]
        )
        self.existingOutcomes = StatementText(
            "SELECT workflow_id, run FROM \(durable).outcome WHERE workflow_id = ANY ($1)",
            types: [PostgresType.text.array]
        )
        self.owners = StatementText(
            "SELECT workflow_id, run FROM \(durable).live WHERE workflow_id = ANY ($1) AND run IS NOT NULL",
            types: [PostgresType.text.array]
        )
        self.starters = StatementText(
            "SELECT id, run FROM \(durable).workflow WHERE id = ANY ($1)",
            types: [PostgresType.text.array]
        )
    }

    private static let recordTypes: [PostgresType] = [
        PostgresType.text.array, PostgresType.text.array, PostgresType.int4.array, PostgresType.int2.array,
        PostgresType.int2.array, PostgresType.int2.array, PostgresType.int8.array, PostgresType.timestamptz.array,
        PostgresType.float4.array, PostgresType.timestamptz.array, PostgresType.text.array,
        PostgresType.json.array, PostgresType.json.array, PostgresType.int8.array, .int4,
    ]

    private static let singleTypes: [PostgresType] = [
        .text, .text, .int4, .int2, .int2, .int2, .int8, .timestamptz, .float4, .timestamptz, .text, .json, .json,
        .int8,
        .int4,
    ]

    /// In the order of the parameters.
    private static let journalColumns = """
        workflow_id, scope, position, phase, kind, attempt, run, at, seconds, due, name, output, error, fingerprint, executor
        """

    private static var recordColumns: KeyValuePairs<String, Int> {
        [
            "w": 1, "s": 2, "p": 3, "f": 4, "k": 5, "a": 6, "r": 7, "t": 8, "d": 9, "u": 10, "n": 11, "o": 12, "e": 13,
            "h": 14,
        ]
    }

    private static let startTypes: [PostgresType] = [
        PostgresType.text.array, PostgresType.text.array, PostgresType.int4.array, PostgresType.uuid.array,
        PostgresType.json.array, PostgresType.timestamptz.array, PostgresType.timestamptz.array,
        PostgresType.int8.array, PostgresType.json.array,
        .int4, .int4,
    ]

    /// Workflow and `live` row in one statement, so that there is never one without the other.
    private static func start(_ durable: String, onConflict conflict: String) -> String {
        """
        WITH started AS (
            INSERT INTO \(durable).workflow (id, name, version, seed, input, deadline, created_at, run, trace)
            \(ArrayRows.query(["w": 1, "n": 2, "v": 3, "s": 4, "i": 5, "d": 6, "c": 7, "r": 8, "t": 9]))
            \(conflict)
            RETURNING id, name, version, created_at, run
        )
        INSERT INTO \(durable).live (workflow_id, name, version, state, run_at, executor, epoch, run, begun)
        SELECT id, name, version, 'running', created_at, $10, $11, run, true FROM started
        """
    }
}

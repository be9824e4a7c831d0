// SPDX-License-Identifier: Apache-2.0

/// All statements of one engine, made once for its schema.
package final class Statements: Sendable {
    /// The schema they are for.
    package let schema: SchemaName
    /// Registration and lease.
    package let executors: ExecutorStatements
    /// Takeover, claims, orphans.
    package let recovery: RecoveryStatements
    /// Claims.
    package let claims: ClaimStatements
    /// The one statement of a poll.
    package let poll: PollStatements
    /// Group commit.
    package let journal: JournalStatements
    /// Transaction steps.
    package let transactions: TransactionStatements
    /// The router.
    package let waking: WakeStatements
    /// What people ask.
    package let operations: OperationStatements
    /// What is deleted after a time.
    package let retention: RetentionStatements

    package init(schema: SchemaName = .standard) {
        self.schema = schema
        self.executors = ExecutorStatements(schema: schema)
        self.recovery = RecoveryStatements(schema: schema)
        self.claims = ClaimStatements(schema: schema)
        self.poll = PollStatements(schema: schema)
        self.journal = JournalStatements(schema: schema)
        self.transactions = TransactionStatements(schema: schema)
        self.waking = WakeStatements(schema: schema)
        self.operations = OperationStatements(schema: schema)
        self.retention = RetentionStatements(schema: schema)
    }
}

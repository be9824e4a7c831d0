// SPDX-License-Identifier: Apache-2.0

import Libpq

/// The statements by which a process asks what a person may ask in SQL: the same functions, for one schema.
package final class OperationStatements: Sendable {
    /// `(workflow)`; sentence and facts.
    let why: StatementText
    /// `(workflow, reason)`; how many records were taken back.
    let retry: StatementText
    /// `(workflow, new id, reason)`; the new id.
    let rerun: StatementText
    /// `(workflow, position, scope, new id, input, reason, result)`; the new id.
    let fork: StatementText
    /// `(workflow, position, output, scope, name, reason)`; nothing.
    let setStepResult: StatementText
    /// `(workflow, position, scope, name, reason)`; nothing.
    let skipStep: StatementText
    /// `(name, reason)`; nothing.
    let pauseName: StatementText
    /// `(name, reason)`; whether it was paused.
    let resumeName: StatementText
    /// `(executor, reason)`; how many workflows it had.
    let releaseExecutor: StatementText
    /// Severity, kind, workflow, name, since, what, statement.
    let attention: StatementText
    /// The workflow types that are paused.
    let pausedNames: StatementText
    /// `(workflow, reason)`; `requested`, or `paused` where it was.
    let pause: StatementText
    /// `(workflow, reason)`; `requested`.
    let kill: StatementText
    /// `(workflow, reason)`; nothing.
    let resume: StatementText
    /// Obeys for what nobody runs: `(executor)`; workflow, action and reason for what this executor runs.
    let routeRequests: StatementText
    /// Queues and their limits.
    let queues: QueueStatements

    package init(schema: SchemaName) {
        let durable = schema.quoted
        self.queues = QueueStatements(schema: schema)
        self.why = StatementText("SELECT sentence, facts::text FROM \(durable).why($1)", types: [.text])
        self.retry = StatementText("SELECT \(durable).retry($1, $2)", types: [.text, .text])
        self.rerun = StatementText("SELECT \(durable).rerun($1, $2, $3)", types: [.text, .text, .text])
        self.fork = StatementText(
            "SELECT \(durable).fork($1, $2, $3, $4, $5, $6, $7)",
            types: [.text, .int4, .text, .text, .json, .text, .json]
        )
        self.setStepResult = StatementText(
            "SELECT \(durable).set_step_result($1, $2, $3, $4, $5, $6)",
            types: [.text, .int4, .json, .text, .text, .text]
        )
        self.skipStep = StatementText(
            "SELECT \(durable).skip_step($1, $2, $3, $4, $5)",
            types: [.text, .int4, .text, .text, .text]
        )
        self.pauseName = StatementText("SELECT \(durable).pause_name($1, $2)", types: [.text, .text])
        self.resumeName = StatementText("SELECT \(durable).resume_name($1, $2)", types: [.text, .text])
        self.releaseExecutor = StatementText("SELECT \(durable).release_executor($1, $2)", types: [.int4, .text])
        self.attention = StatementText(
            "SELECT severity, kind, workflow_id, name, since, what, statement FROM \(durable).attention"
        )
        self.pause = StatementText("SELECT \(durable).pause($1, $2)", types: [.text, .text])
        self.kill = StatementText("SELECT \(durable).kill($1, $2)", types: [.text, .text])
        self.resume = StatementText("SELECT \(durable).resume($1, $2)", types: [.text, .text])
        self.routeRequests = StatementText(
            "SELECT workflow_id, action, reason FROM \(durable).route_requests($1)",
            types: [.int4]
        )
        self.pausedNames = StatementText("SELECT name FROM \(durable).paused_name")
    }
}

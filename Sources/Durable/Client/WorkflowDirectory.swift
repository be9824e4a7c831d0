// SPDX-License-Identifier: Apache-2.0

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

package import Libpq
package import Logging

/// Starts workflows that others run, and reads about workflows: what an engine and a client have in common.
package final class WorkflowDirectory: Sendable {
    let pool: PostgresPool
    let schema: SchemaName
    let coder: PayloadCoder
    let board: OutcomeBoard
    let notifier: WakeNotifier
    let messages: MessageStatements
    let lineage: LineageStatements
    let queues: QueueStatements
    let operations: WorkflowOperations
    private let logger: Logger
    private let enqueue: StatementText
    private let existing: StatementText
    private let find: StatementText

    package init(
        pool: PostgresPool,
        schema: SchemaName,
        coder: PayloadCoder,
        board: OutcomeBoard,
        notifier: WakeNotifier,
        logger: Logger
    ) {
        let durable = schema.quoted
        self.logger = logger
        self.pool = pool
        self.schema = schema
        self.coder = coder
        self.board = board
        self.notifier = notifier
        self.messages = MessageStatements(schema: schema)
        self.lineage = LineageStatements(schema: schema)
        self.queues = QueueStatements(schema: schema)
        self.operations = WorkflowOperations(
            pool: pool,
            statements: OperationStatements(schema: schema),
            retention: RetentionStatements(schema: schema),
            coder: coder
        )
        // By the database's clock, since a client has no other; workflow and `live` row in one statement.
        self.enqueue = StatementText(
            """
            WITH started AS (
                INSERT INTO \(durable).workflow (id, name, version, seed, input, deadline, created_at, trace)
                SELECT $1, $2, $3, $4, $5, now + make_interval(secs => $6), now, $7 FROM \(durable).clock() AS now
                ON CONFLICT DO NOTHING
                RETURNING id, name, version, created_at
            )
            INSERT INTO \(durable).live (workflow_id, name, version, state, run_at)
            SELECT id, name, version, 'queued', created_at FROM started
            """,
            types: [.text, .text, .int4, .uuid, .json, .float8, .json]
        )
        self.existing = StatementText(
            "SELECT name, version, input FROM \(durable).workflow WHERE id = $1",
            types: [.text]
        )
        self.find = StatementText(
            """
            SELECT w.name, w.version, coalesce(o.status, l.state)::text, l.reason, l.waiting_for,
                   CASE WHEN l.state = 'waiting' THEN l.run_at END, coalesce(o.error, l.error), w.created_at, o.finished_at
            FROM \(durable).workflow AS w
            LEFT JOIN \(durable).live AS l ON l.workflow_id = w.id
            LEFT JOIN \(durable).outcome AS o ON o.workflow_id = w.id
            WHERE w.id = $1
            """,
            types: [.text]
        )
    }

    /// Leaves a workflow for whoever offers it.
    ///
    /// - Returns: Whether it is new; false when the id was taken.
    func enqueue(_ start: WorkflowStart) async throws -> Bool {
        let statement = Statement(
            self.enqueue,
            [
                Parameter(start.id), Parameter(start.name), Parameter(start.version), Parameter(start.seed),
                start.input.map { Parameter(bytes: $0, type: .json) } ?? .null(.json),
                start.timeout.map { Parameter($0 / .seconds(1)) } ?? .null(.float8),
                start.trace.map { Parameter(bytes: $0, type: .json) } ?? .null(.json),
            ]
        )
        let results = try await self.run([statement], for: start.id)
        guard results[0].affected == 1 else { return false }
        self.notifier.post(.claim)
        return true
    }

    /// Compares a start with the workflow that has its id already.
    ///
    /// - Returns: Nil when that workflow is gone by now.
    /// - Throws: `DurableError.workflowConflict` when it is another one.
    func reconcile(_ start: WorkflowStart, onDuplicate: DuplicatePolicy) async throws -> Bool? {
        let results = try await self.run([Statement(self.existing, [Parameter(start.id)])], for: start.id)
        guard let row = results[0].rows.first else { return nil }
        let name = try row.decode(0, as: String.self)
        guard name == start.name else {
            throw DurableError(
                .workflowConflict,
                """
                the id \"\(start.id)\" belongs to a workflow \"\(name)\"; it cannot be started as \"\(start.name)\". \
                Choose ids that begin with the name of their workflow
                """,
                workflow: start.id
            )
        }
        guard onDuplicate == .compareInput else { return true }
        guard try self.isSame(row.bytes(2), start.input) else {
            throw DurableError(
                .workflowConflict,
                """
                the id \"\(start.id)\" was started before with another input. Start another id, or say \
                `onDuplicate: .returnExisting` where the first input counts
                """,
                workflow: start.id
            )
        }
        return true
    }

    /// Whether two inputs mean the same, however each of them is encoded.
    private func isSame(_ first: [UInt8]?, _ second: [UInt8]?) throws -> Bool {
        do {
            let (first, second) = (
                try first.map { try self.coder.opened($0) }, try second.map { try self.coder.opened($0) }
            )
            return try CanonicalJSON.equal(first, second)
        } catch let problem as UnreadableEncoding {
            throw DurableError(.undecodable, "The input that was started before cannot be read: \(problem).")
        }
    }

    /// Where a workflow stands.
    func status(of id: String) async throws -> WorkflowStatus {
        let results = try await self.run([Statement(self.find, [Parameter(id)])], for: id)
        guard let row = results[0].rows.first else {
            throw DurableError(.workflowNotFound, "no workflow has the id \"\(id)\"", workflow: id)
        }
        let wakesAt = row.microseconds(5)
        return WorkflowStatus(
            id: id,
            name: try row.decode(0, as: String.self),
            version: Int(try row.decode(1, as: Int32.self)),
            state: WorkflowState(rawValue: try row.decode(2, as: String?.self) ?? "") ?? .queued,
            reason: try row.decode(3, as: String?.self).flatMap { PauseReason(rawValue: $0) },
            waitingFor: try row.decode(4, as: String?.self),
            wakesAt: wakesAt.map { DatabaseTime.date($0) },
            error: try row.bytes(6).map { try RecordedError(decoding: $0, by: self.coder, isForShow: true).failure },
            createdAt: DatabaseTime.date(row.microseconds(7) ?? 0),
            finishedAt: row.microseconds(8).map { DatabaseTime.date($0) }
        )
    }

    func run(_ statements: [Statement], for workflow: String?) async throws -> [StatementResult] {
        do {
            return try await self.settled(statements, for: workflow)
        } catch let error as PostgresError {
            if error.code == .cancelled { throw CancellationError() }
            throw DurableError(error)
        }
    }

    /// Runs statements as one transaction, after those of others that they wait for: what has met a lock has done nothing, and
    /// is tried again, without keeping its connection meanwhile.
    ///
    /// - Parameter workflow: Whom they are about, for the log.
    func settled(_ statements: [Statement], for workflow: String?) async throws -> [StatementResult] {
        let began = ContinuousClock.now
        var tries = 0
        var isSaid = false
        while true {
            do {
                return try await self.pool.withConnection { try await $0.run(Pipeline(statements)) }
            } catch let error as PostgresError where error.isLocked {
                try Task.checkCancellation()
                if !isSaid, ContinuousClock.now - began > Self.unusual {
                    isSaid = true
                    self.logger.info("workflow.locked", metadata: workflow.map { ["workflow.id": "\($0)"] })
                }
                tries += 1
                await Backoff.pause(tries)
            }
        }
    }

    /// For how long a transaction of somebody else is waited for without a word.
    private static let unusual = Duration.seconds(3)
}

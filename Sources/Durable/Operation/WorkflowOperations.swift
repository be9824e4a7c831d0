// SPDX-License-Identifier: Apache-2.0

import Libpq

/// What a person on call asks of the system, from code: the functions of the schema, with the same words when they refuse.
///
/// ```swift
/// let operations = client.operations
/// print(try await operations.why("checkout-42").sentence)
/// try await operations.retry("checkout-42", reason: "the card service is back")
/// ```
///
/// Each change is one transaction, and is kept in `durable.audit` with the database role, the time and the reason. Each call throws
/// ``DurableError``: `workflowNotFound` for an unknown id, `workflowEnded` or `wrongState` where it is not in the state that the change
/// needs, `invalidArgument` for arguments that make no sense. Nothing has changed then.
public struct WorkflowOperations: Sendable {
    let pool: PostgresPool
    let statements: OperationStatements
    let retention: RetentionStatements
    let coder: PayloadCoder

    // MARK: - Looking

    /// Why a workflow is where it is.
    public func why(_ id: String) async throws -> WorkflowExplanation {
        let rows = try await self.call(self.statements.why, [Parameter(id)], workflow: id)
        guard let row = rows.first else {
            throw DurableError(.workflowNotFound, "no workflow has the id \"\(id)\"", workflow: id)
        }
        let (sentence, facts) = try row.decode((String, String).self)
        return WorkflowExplanation(sentence: sentence, facts: facts)
    }

    /// What needs a person, worst first; empty when all is well.
    public func attention() async throws -> [AttentionItem] {
        try await self.call(self.statements.attention, []).map { row in
            let since = try row.decode(4, as: PostgresTimestamp?.self)
            return AttentionItem(
                severity: Int(try row.decode(0, as: Int32.self)),
                kind: try row.decode(1, as: String.self),
                workflow: try row.decode(2, as: String?.self),
                name: try row.decode(3, as: String.self),
                since: since.map { DatabaseTime.date($0.microseconds) },
                what: try row.decode(5, as: String.self),
                statement: try row.decode(6, as: String.self)
            )
        }
    }

    // MARK: - Pausing

    /// Pauses a workflow, wherever it runs: its steps are cancelled, and nothing of it starts until it is resumed.
    ///
    /// It comes about within the engines' poll interval.
    ///
    /// - Throws: ``DurableError``: `workflowNotFound`; `workflowEnded` when it has ended.
    public func pause(_ id: String, reason: String) async throws {
        _ = try await self.call(self.statements.pause, [Parameter(id), Parameter(reason)], workflow: id)
    }

    /// Lets a paused workflow go on from its last checkpoint.
    ///
    /// - Throws: ``DurableError``: `workflowNotFound`; `wrongState` when it is not paused.
    public func resume(_ id: String, reason: String? = nil) async throws {
        _ = try await self.call(self.statements.resume, [Parameter(id), Parameter(reason)], workflow: id)
    }

    /// Ends a workflow as cancelled, at once and without undoing anything; cancelling is the gentle way.
    ///
    /// It comes about within two poll intervals of the engines.
    ///
    /// - Throws: ``DurableError``: `workflowNotFound`; `workflowEnded` when it has ended.
    public func kill(_ id: String, reason: String) async throws {
        _ = try await self.call(self.statements.kill, [Parameter(id), Parameter(reason)], workflow: id)
    }

    // MARK: - Types and processes

    /// Stops starts and resumes of a workflow type in every process, across restarts: after a bad deploy.
    ///
    /// Starts are left queued; what runs now runs on. Processes obey within their poll interval.
    public func pauseName(_ name: String, reason: String) async throws {
        _ = try await self.call(self.statements.pauseName, [Parameter(name), Parameter(reason)])
    }

    /// Lets a workflow type start and resume again.
    ///
    /// - Parameters:
    ///   - name: The workflow type.
    ///   - reason: Why, for the audit.
    /// - Returns: Whether it was paused.
    @discardableResult
    public func resumeName(_ name: String, reason: String? = nil) async throws -> Bool {
        let parameters = [Parameter(name), Parameter(reason)]
        return try await self.call(self.statements.resumeName, parameters)[0].decode(0, as: Bool.self)
    }

    /// Declares a wedged process dead now, whatever its lease: it can record nothing any more, and the others take its
    /// workflows at their next sweep.
    ///
    /// - Parameters:
    ///   - number: Its number in `durable.executors`.
    ///   - reason: Why, for the audit.
    /// - Returns: How many workflows it had.
    @discardableResult
    public func releaseExecutor(_ number: Int, reason: String? = nil) async throws -> Int {
        let parameters = [Parameter(Int32(clamping: number)), Parameter(reason)]
        return Int(try await self.call(self.statements.releaseExecutor, parameters)[0].decode(0, as: Int32.self))
    }

    // MARK: - Calls

    func call(
        _ text: StatementText,
        _ parameters: [Parameter],
        workflow: String? = nil
    ) async throws -> Rows {
        let transaction = ShortTransaction(statements: [Statement(text, parameters)])
        do {
            return try await self.pool.withConnection { connection in
                try await transaction.run(on: connection, deadline: .seconds(30))
            }[0].rows
        } catch let error as PostgresError {
            throw DurableError(refusing: error, workflow: workflow)
        }
    }
}

extension DurableError {
    /// A function of the schema has refused what was asked, in its own words.
    init(refusing error: PostgresError, workflow: String?) {
        let code: Code? =
            switch error.sqlState {
            case "DU010": .workflowNotFound
            case "DU011": .workflowEnded
            case "DU020": .wrongState
            case "22023", "22021", "22P02": .invalidArgument
            default: nil
            }
        guard let code else {
            self.init(error)
            return
        }
        let words = [error.message, error.hint].compactMap { $0 }.joined(separator: ". ")
        self.init(code, words, workflow: workflow, underlying: error)
    }
}

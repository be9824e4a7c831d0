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

    // MARK: - Repair

    /// Lets a failed workflow go on from the step that it failed of; what is recorded before that is not run again.
    ///
    /// - Parameters:
    ///   - id: The workflow, which has failed.
    ///   - reason: Why, for the audit.
    /// - Returns: How many records were taken back; 0 when its code failed and no step.
    @discardableResult
    public func retry(_ id: String, reason: String? = nil) async throws -> Int {
        let rows = try await self.call(self.statements.retry, [Parameter(id), Parameter(reason)], workflow: id)
        return Int(try rows[0].decode(0, as: Int32.self))
    }

    /// Starts a workflow with the input of another one, from the beginning.
    ///
    /// - Parameters:
    ///   - id: The workflow whose input is used, in whatever state.
    ///   - newID: The id of the new one, which must be free; nil: a new id.
    ///   - reason: Why, for the audit.
    /// - Returns: The new workflow's id.
    @discardableResult
    public func rerun(_ id: String, as newID: String? = nil, reason: String? = nil) async throws -> String {
        let parameters = [Parameter(id), Parameter(newID), Parameter(reason)]
        return try await self.call(self.statements.rerun, parameters, workflow: id)[0].decode(0, as: String.self)
    }

    /// Starts a copy of a workflow that has recorded everything before a place, and goes on from there.
    ///
    /// - Parameters:
    ///   - id: The workflow that is copied, in whatever state.
    ///   - position: The place in its scope, counted from 0 as `durable.steps` does: what stands there runs again.
    ///   - scope: The scope of the place; empty: the top.
    ///   - newID: The id of the copy, which must be free; nil: a new id.
    ///   - reason: Why, for the audit.
    /// - Returns: The copy's id.
    @discardableResult
    public func fork(
        _ id: String,
        at position: Int,
        in scope: String = "",
        as newID: String? = nil,
        reason: String? = nil
    ) async throws -> String {
        try await self.fork(id, at: position, in: scope, as: newID, input: nil, reason: reason)
    }

    /// Starts a copy of a workflow from a place, with another input.
    ///
    /// - Parameters:
    ///   - id: The workflow that is copied, in whatever state.
    ///   - position: The place in its scope, counted from 0 as `durable.steps` does: what stands there runs again.
    ///   - scope: The scope of the place; empty: the top.
    ///   - newID: The id of the copy, which must be free; nil: a new id.
    ///   - input: What `run` is given. What is recorded before the place was made from the former input.
    ///   - reason: Why, for the audit.
    /// - Returns: The copy's id.
    @discardableResult
    public func fork<Input: Codable & Sendable>(
        _ id: String,
        at position: Int,
        in scope: String = "",
        as newID: String? = nil,
        input: Input,
        reason: String? = nil
    ) async throws -> String {
        let bytes = try self.coder.encode(
            input,
            as: "the input of the fork of \"\(id)\"",
            of: PayloadSubject(.input)
        )
        return try await self.fork(id, at: position, in: scope, as: newID, input: bytes, reason: reason)
    }

    /// Records a result for a step of a paused workflow, as if the step had returned it.
    ///
    /// Its earlier record, and what followed, are taken back. Resume the workflow afterwards.
    ///
    /// - Parameters:
    ///   - result: What the step is to have returned.
    ///   - id: The workflow, which is paused.
    ///   - position: The step's place, as `durable.steps` shows it.
    ///   - scope: The scope of the place; empty: the top.
    ///   - name: The step's name; needed where it has not begun.
    ///   - reason: Why, for the audit.
    public func setStepResult<Result: Codable & Sendable>(
        _ result: Result,
        of id: String,
        at position: Int,
        in scope: String = "",
        name: String? = nil,
        reason: String? = nil
    ) async throws {
        let bytes = try self.coder.encode(
            result,
            as: "the result of a step of \"\(id)\"",
            of: PayloadSubject(.step)
        )
        try await self.set(bytes, id, position, scope, name, reason)
    }

    /// Records of a step of a paused workflow that it is done and returned nothing: for steps without a result, or with an
    /// optional one.
    ///
    /// Resume the workflow afterwards.
    public func skipStep(
        of id: String,
        at position: Int,
        in scope: String = "",
        name: String? = nil,
        reason: String? = nil
    ) async throws {
        try await self.set(nil, id, position, scope, name, reason)
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
    /// - Returns: Whether it was paused.
    @discardableResult
    public func resumeName(_ name: String) async throws -> Bool {
        try await self.call(self.statements.resumeName, [Parameter(name)])[0].decode(0, as: Bool.self)
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

    private func fork(
        _ id: String,
        at position: Int,
        in scope: String,
        as newID: String?,
        input: [UInt8]?,
        reason: String?
    ) async throws -> String {
        let parameters = [
            Parameter(id), Parameter(Int32(clamping: position)), Parameter(scope), Parameter(newID), Self.json(input),
            Parameter(reason),
        ]
        return try await self.call(self.statements.fork, parameters, workflow: id)[0].decode(0, as: String.self)
    }

    private func set(
        _ result: [UInt8]?,
        _ id: String,
        _ position: Int,
        _ scope: String,
        _ name: String?,
        _ reason: String?
    ) async throws {
        let parameters = [
            Parameter(id), Parameter(Int32(clamping: position)), Self.json(result), Parameter(scope), Parameter(name),
            Parameter(reason),
        ]
        _ = try await self.call(self.statements.setStepResult, parameters, workflow: id)
    }

    private static func json(_ bytes: [UInt8]?) -> Parameter {
        bytes.map { Parameter(bytes: $0, type: .json) } ?? .null(.json)
    }

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

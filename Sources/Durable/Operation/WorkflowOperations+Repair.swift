// SPDX-License-Identifier: Apache-2.0

import Libpq

/// What went wrong is put right: what is recorded is kept, or moved aside with who did it and why.
extension WorkflowOperations {
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
        try await self.fork(id, position, scope, newID, input: nil, result: nil, reason)
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
        return try await self.fork(id, position, scope, newID, input: bytes, result: nil, reason)
    }

    /// Starts a copy of a workflow from a place, where the step has returned something else.
    ///
    /// The step at the place does not run in the copy; what follows it does.
    ///
    /// - Parameters:
    ///   - id: The workflow that is copied, in whatever state.
    ///   - position: The step's place in its scope, counted from 0 as `durable.steps` does.
    ///   - scope: The scope of the place; empty: the top.
    ///   - newID: The id of the copy, which must be free; nil: a new id.
    ///   - result: What the step is to have returned.
    ///   - reason: Why, for the audit.
    /// - Returns: The copy's id.
    @discardableResult
    public func fork<Result: Codable & Sendable>(
        _ id: String,
        at position: Int,
        in scope: String = "",
        as newID: String? = nil,
        result: Result,
        reason: String? = nil
    ) async throws -> String {
        let bytes = try self.coder.encode(
            result,
            as: "the result of a step of the fork of \"\(id)\"",
            of: PayloadSubject(.step)
        )
        return try await self.fork(id, position, scope, newID, input: nil, result: bytes, reason)
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
        let parameters = [
            Parameter(id), Parameter(Int32(clamping: position)), Self.json(bytes), Parameter(scope), Parameter(name),
            Parameter(reason),
        ]
        _ = try await self.call(self.statements.setStepResult, parameters, workflow: id)
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
        let parameters = [
            Parameter(id), Parameter(Int32(clamping: position)), Parameter(scope), Parameter(name), Parameter(reason),
        ]
        _ = try await self.call(self.statements.skipStep, parameters, workflow: id)
    }

    private func fork(
        _ id: String,
        _ position: Int,
        _ scope: String,
        _ newID: String?,
        input: [UInt8]?,
        result: [UInt8]?,
        _ reason: String?
    ) async throws -> String {
        let parameters = [
            Parameter(id), Parameter(Int32(clamping: position)), Parameter(scope), Parameter(newID), Self.json(input),
            Parameter(reason), Self.json(result),
        ]
        return try await self.call(self.statements.fork, parameters, workflow: id)[0].decode(0, as: String.self)
    }

    private static func json(_ bytes: [UInt8]?) -> Parameter {
        bytes.map { Parameter(bytes: $0, type: .json) } ?? .null(.json)
    }
}

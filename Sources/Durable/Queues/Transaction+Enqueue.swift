// SPDX-License-Identifier: Apache-2.0

import Libpq

extension Transaction {
    /// Puts a workflow into a queue, if and when this transaction commits.
    ///
    /// - Parameters:
    ///   - type: The workflow.
    ///   - input: What `run` is given.
    ///   - id: The caller's id, 1 to 512 bytes; nil: a new id.
    ///   - options: Which queue, when, and before what.
    /// - Returns: The workflow's id.
    /// - Throws: ``DurableError``: `workflowConflict` and `invalidArgument`, after which the transaction cannot commit; `unencodable`.
    @discardableResult
    public func enqueue<W: Workflow>(
        _ type: W.Type,
        _ input: W.Input,
        id: String? = nil,
        options: EnqueueOptions = EnqueueOptions()
    ) async throws -> String {
        let started = try await self.enqueuing.one(type, input, id: id, options) { request, start in
            let parameters = request.parameters(start.input, id: start.id)
            let rows = try await self.ask(Statement(self.queues.enqueue, parameters), start.id)
            return try rows.first?.decode(1, as: String.self) == "true"
        }
        self.enqueued.append(started)
        return started.id
    }

    /// Puts many workflows into a queue, if and when this transaction commits.
    ///
    /// - Parameters:
    ///   - type: The workflow.
    ///   - inputs: What each `run` is given.
    ///   - ids: The ids, one for each input; nil: new ids.
    ///   - options: Which queue, when, and before what.
    /// - Returns: What becomes of each with the commit, in the order of the inputs.
    /// - Throws: ``DurableError`` for what is wrong with the call as a whole.
    @discardableResult
    public func enqueueAll<W: Workflow>(
        _ type: W.Type,
        _ inputs: [W.Input],
        ids: [String]? = nil,
        options: EnqueueOptions = EnqueueOptions()
    ) async throws -> [EnqueueOutcome] {
        let (outcomes, started) = try await self.enqueuing.many(type, inputs, ids: ids, options) { request, items in
            try await self.ask(Statement(self.queues.enqueueAll, request.parameters(items)), nil).map { row in
                let (result, reason) = try row.decode((String, String?).self)
                return (result: result, reason: reason)
            }
        }
        self.enqueued += started
        return outcomes
    }

    private func ask(_ statement: Statement, _ workflow: String?) async throws -> Rows {
        do {
            return try await self.call(statement, for: workflow)
        } catch let error as PostgresError {
            throw DurableError(enqueuing: error, workflow: workflow)
        }
    }
}

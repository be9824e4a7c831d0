// SPDX-License-Identifier: Apache-2.0

import Libpq

extension WorkflowDirectory {
    /// Puts one workflow into a queue.
    ///
    /// - Returns: Its handle, which says whether it is new.
    func enqueue<W: Workflow>(
        _ type: W.Type,
        _ input: W.Input,
        id: String?,
        _ options: EnqueueOptions
    ) async throws -> WorkflowHandle<W.Output> {
        let request = try EnqueueRequest(type, options, coder: self.coder)
        let start = try WorkflowStart(type, input, id: id, coder: self.coder)
        let statement = Statement(self.queues.enqueue, request.parameters(start.input, id: start.id))
        let isNew = try await self.answering(for: start.id) {
            try await self.pool.withConnection { try await $0.run(Pipeline([statement])) }[0]
                .rows.first?.decode(1, as: String.self) == "true"
        }
        if isNew { self.notifier.post(.claim) }
        return WorkflowHandle(id: start.id, isNew: isNew, directory: self, failures: W.failures)
    }

    /// Puts many workflows into a queue, in one transaction.
    func enqueueAll<W: Workflow>(
        _ type: W.Type,
        _ inputs: [W.Input],
        ids: [String]?,
        _ options: EnqueueOptions
    ) async throws -> [EnqueueOutcome] {
        let request = try EnqueueRequest(type, options, coder: self.coder)
        let items = try EnqueueRequest.Items(inputs, ids: ids, name: W.name, coder: self.coder)
        let statement = Statement(self.queues.enqueueAll, request.parameters(items))
        let answers = try await self.answering(for: nil) {
            try await self.pool.withConnection { try await $0.run(Pipeline([statement])) }[0]
                .rows.map { try $0.decode((String, String?).self) }
        }
        self.notifier.post(.claim)
        return try items.outcomes(answers.map { (result: $0.0, reason: $0.1) })
    }

    /// Puts one workflow into a queue in the transaction that is open on somebody's connection.
    func enqueue<W: Workflow>(
        _ type: W.Type,
        _ input: W.Input,
        id: String?,
        _ options: EnqueueOptions,
        in connection: some TransactionConnection
    ) async throws -> WorkflowHandle<W.Output> {
        let request = try EnqueueRequest(type, options, coder: self.coder)
        let start = try WorkflowStart(type, input, id: id, coder: self.coder)
        let texts = request.texts(start.input, id: start.id)
        let rows = try await self.answering(for: start.id) {
            try await connection.run(self.queues.foreignEnqueue, texts)
        }
        let isNew = rows.first?.last.map { $0 == "true" } ?? false
        return WorkflowHandle(id: start.id, isNew: isNew, directory: self, failures: W.failures)
    }

    /// Puts many workflows into a queue in the transaction that is open on somebody's connection.
    func enqueueAll<W: Workflow>(
        _ type: W.Type,
        _ inputs: [W.Input],
        ids: [String]?,
        _ options: EnqueueOptions,
        in connection: some TransactionConnection
    ) async throws -> [EnqueueOutcome] {
        let request = try EnqueueRequest(type, options, coder: self.coder)
        let items = try EnqueueRequest.Items(inputs, ids: ids, name: W.name, coder: self.coder)
        let texts = request.texts(items)
        let rows = try await self.answering(for: nil) {
            try await connection.run(self.queues.foreignEnqueueAll, texts)
        }
        return try items.outcomes(rows.map { (result: ($0.first ?? nil) ?? "", reason: $0.last ?? nil) })
    }

    /// Says of a queue what this process declares.
    func declare(_ queue: WorkflowQueue) async throws {
        let parameters = [
            Parameter(queue.name), Parameter(queue.concurrency.map { Int32(clamping: $0) }),
            Parameter(queue.concurrencyPerProcess.map { Int32(clamping: $0) }),
        ]
        _ = try await self.run([Statement(self.queues.declare, parameters)])
    }

    /// Translates what the functions of the schema refuse.
    private func answering<R>(for workflow: String?, _ body: () async throws -> R) async throws -> R {
        do {
            return try await body()
        } catch let error as PostgresError {
            if error.code == .cancelled { throw CancellationError() }
            throw DurableError(enqueuing: error, workflow: workflow)
        }
    }
}

extension DurableError {
    /// What `durable.enqueue` refuses, in its own words.
    init(enqueuing error: PostgresError, workflow: String?) {
        self.init(refusing: error, workflow: workflow)
        // The id is taken.
        if error.sqlState == "DU020" { self.code = .workflowConflict }
    }
}

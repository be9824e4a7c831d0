// SPDX-License-Identifier: Apache-2.0

import Libpq

extension WorkflowDirectory {
    /// Puts one workflow into a queue.
    ///
    /// - Returns: Whether it is new.
    func send(_ request: EnqueueRequest, _ start: WorkflowStart) async throws -> Bool {
        let statement = Statement(self.queues.enqueue, request.parameters(start.input, id: start.id))
        let isNew = try await self.answering(for: start.id) {
            try await self.settled([statement], for: start.id)[0].rows.first?.decode(1, as: String.self) == "true"
        }
        if isNew { self.notifier.post(.claim) }
        return isNew
    }

    /// Puts many workflows into a queue, in one transaction.
    func send(
        _ request: EnqueueRequest,
        _ items: EnqueueRequest.Items
    ) async throws -> [(result: String, reason: String?)] {
        let statement = Statement(self.queues.enqueueAll, request.parameters(items))
        let answers = try await self.answering(for: nil) {
            try await self.settled([statement], for: nil)[0].rows.map { try $0.decode((String, String?).self) }
        }
        self.notifier.post(.claim)
        return answers.map { (result: $0.0, reason: $0.1) }
    }

    /// Puts one workflow into a queue in the transaction that is open on somebody's connection.
    ///
    /// - Returns: Whether it is new.
    func send(
        _ request: EnqueueRequest,
        _ start: WorkflowStart,
        in connection: some TransactionConnection
    ) async throws -> Bool {
        let texts = request.texts(start.input, id: start.id)
        let rows = try await self.answering(for: start.id) {
            try await connection.run(self.queues.foreignEnqueue, texts)
        }
        return rows.first?.last.map { $0 == "true" } ?? false
    }

    /// Puts many workflows into a queue in the transaction that is open on somebody's connection.
    func send(
        _ request: EnqueueRequest,
        _ items: EnqueueRequest.Items,
        in connection: some TransactionConnection
    ) async throws -> [(result: String, reason: String?)] {
        let texts = request.texts(items)
        let rows = try await self.answering(for: nil) {
            try await connection.run(self.queues.foreignEnqueueAll, texts)
        }
        return rows.map { (result: ($0.first ?? nil) ?? "", reason: $0.last ?? nil) }
    }

    /// Says of a queue what this process declares.
    func declare(_ queue: WorkflowQueue) async throws {
        let parameters = [
            Parameter(queue.name), Parameter(queue.concurrency.map { Int32(clamping: $0) }),
            Parameter(queue.concurrencyPerProcess.map { Int32(clamping: $0) }),
        ]
        _ = try await self.run([Statement(self.queues.declare, parameters)], for: nil)
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

// SPDX-License-Identifier: Apache-2.0

import Libpq

extension WorkflowDirectory {
    /// Asks a workflow to end, and tells the engines.
    func cancel(_ id: String, reason: String?) async throws -> CancellationReply {
        try CancellationRequest.check(reason: reason)
        do {
            let results = try await self.pool.withConnection { connection in
                try await connection.run(
                    Pipeline([
                        Statement(
                            self.lineage.cancel,
                            [Parameter(id), reason.map { Parameter($0) } ?? .null(.text)]
                        )
                    ])
                )
            }
            let reply = CancellationReply(try results[0].rows.first?.decode(0, as: String.self) ?? "")
            if reply == .requested { self.notifier.post(.lineage) }
            return reply
        } catch let error as PostgresError {
            if error.code == .cancelled { throw CancellationError() }
            if error.sqlState == "DU010" {
                throw DurableError(.workflowNotFound, "no workflow has the id \"\(id)\"", workflow: id)
            }
            throw DurableError(error)
        }
    }
}

extension WorkflowHandle {
    /// Asks the workflow to end, wherever it is: queued, running, waiting or paused.
    ///
    /// Running steps are cancelled as Swift tasks. Then the undos of the steps that had begun run as durable steps (state
    /// `cancelling`), children that follow it are cancelled too, and it ends as `cancelled`. Returns when the request is
    /// durable, not when the workflow has ended: wait for `result()`, which throws ``DurableError`` with the code
    /// `workflowCancelled` then.
    ///
    /// - Parameter reason: For people: shown in views and in the error; at most 1,024 bytes.
    /// - Throws: ``DurableError``: `workflowNotFound`, `invalidArgument` for a reason that is too long.
    @discardableResult
    public func cancel(reason: String? = nil) async throws -> CancellationReply {
        try await self.directory.cancel(self.id, reason: reason)
    }
}

extension DurableEngine {
    /// Asks a workflow to end.
    ///
    /// See ``WorkflowHandle/cancel(reason:)``.
    @discardableResult
    public func cancel(_ id: String, reason: String? = nil) async throws -> CancellationReply {
        try await self.core().directory.cancel(id, reason: reason)
    }
}

extension DurableClient {
    /// Asks a workflow to end.
    ///
    /// See ``WorkflowHandle/cancel(reason:)``.
    @discardableResult
    public func cancel(_ id: String, reason: String? = nil) async throws -> CancellationReply {
        try await self.directory.cancel(id, reason: reason)
    }
}

// SPDX-License-Identifier: Apache-2.0

/// A started workflow, in this process or another one.
///
/// ```swift
/// let handle = try await engine.start(Checkout.self, order, id: "checkout-\(order.id)")
/// guard let receipt = try await handle.result(within: .seconds(20)) else { return .accepted }
/// ```
public struct WorkflowHandle<Output: Codable & Sendable>: Sendable {
    /// The id.
    public let id: String
    /// Whether this call started it; false: it had been started before under the same id.
    public let isNew: Bool
    let directory: WorkflowDirectory
    let failures: [any (Error & Codable & Sendable).Type]

    /// Waits until the workflow has ended, wherever it runs.
    ///
    /// A paused workflow has not ended.
    ///
    /// Cancelling the calling task ends the wait, and not the workflow.
    ///
    /// - Returns: What `run` returned.
    /// - Throws: What `run` threw, where the workflow declares the type in `failures`; else ``DurableError`` with the code
    ///   `workflowFailed` and a ``StepFailure`` beneath, or `workflowCancelled`; `CancellationError`.
    @discardableResult
    public func result() async throws -> Output {
        let outcome = try await self.directory.board.outcome(of: self.id)
        return try outcome.value(
            as: Output.self,
            of: self.id,
            coder: self.directory.coder,
            failures: self.failures
        )
    }

    /// Waits until the workflow has ended, at most for some time.
    ///
    /// - Returns: What `run` returned; nil when it has not ended in time, and goes on.
    public func result(within limit: Duration) async throws -> Output? {
        let outcome: Outcome? = try await withThrowingTaskGroup(of: Outcome?.self) { group in
            group.addTask { try await self.directory.board.outcome(of: self.id) }
            group.addTask {
                // Longer than the clock can count would be a trap, and longer than this nobody waits.
                try await Task.sleep(for: min(limit, .longest))
                return nil
            }
            defer { group.cancelAll() }
            return try await group.next() ?? nil
        }
        return try outcome?.value(
            as: Output.self,
            of: self.id,
            coder: self.directory.coder,
            failures: self.failures
        )
    }

    /// Where the workflow stands now.
    ///
    /// - Throws: ``DurableError`` with the code `workflowNotFound` when it was deleted.
    public func status() async throws -> WorkflowStatus {
        try await self.directory.status(of: self.id)
    }
}

// SPDX-License-Identifier: Apache-2.0

/// A workflow that this workflow has started.
///
/// ```swift
/// let invoice = try await workflow.start(Invoice.self, order)
/// try await workflow.step("ship") { step in try await warehouse.ship(order, step) }
/// let number = try await invoice.result(in: workflow)
/// ```
public struct ChildWorkflow<Output: Codable & Sendable>: Sendable {
    /// Its id: the same on every replay.
    public let id: String
    let name: String
    /// The call that started it.
    let place: String
    let failures: [any (Error & Codable & Sendable).Type]

    /// Waits until it has ended; the waiting workflow holds no memory after a short while.
    ///
    /// - Returns: What its `run` returned.
    /// - Throws: What its `run` threw: an error that it, or the waiting workflow, declares as itself, any other as a
    ///   ``StepFailure``; that of one that was cancelled has the type `WorkflowCancelled`, and the reason as its message.
    public func result(in workflow: WorkflowContext) async throws -> Output {
        switch try await workflow.begin(unchecked: .child, "\(self.name) result") {
        case .recorded(let recorded):
            return try await workflow.replay(recorded, as: Output.self, failures: self.failures)
        case .live(let call):
            return try await workflow.awaitChild(self, call)
        }
    }
}

// SPDX-License-Identifier: Apache-2.0

/// Is told what this process does with its workflows, beside them: nothing waits for it, and nothing depends on it.
///
/// ```swift
/// struct Feed: WorkflowObserver {
///     let channel: Channel
///
///     func observe(_ event: WorkflowEvent) async throws {
///         if case .runEnded(let run, let end) = event { try await self.channel.post("\(run.workflowID): \(end)") }
///     }
/// }
/// ```
///
/// Each observer has a task of its own and is told one event after the other. What it throws is logged and changes nothing. One
/// that falls behind, or hangs, misses events beyond the 1,024 that are kept for it; how many is counted
/// (`durable.observer.dropped`). Events of a process that dies are lost: who needs every one of them reads the database.
public protocol WorkflowObserver: Sendable {
    /// Takes in one event.
    ///
    /// - Throws: Whatever it likes: that is logged, and the next event follows.
    func observe(_ event: WorkflowEvent) async throws
}

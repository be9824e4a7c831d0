// SPDX-License-Identifier: Apache-2.0

/// This run of the workflow is over, though the workflow is not: it was parked for a long wait, handed over at shutdown,
/// cancelled, taken over by another process, or it diverged from its history.
///
/// Every call on the context throws it, and throws it again, without any effect. Let it pass: what a run returns or throws
/// after it was interrupted is neither recorded nor counted as a failure.
///
/// ```swift
/// do {
///     try await workflow.step("charge") { step in try await charge(step) }
/// } catch let interruption as WorkflowInterruption {
///     throw interruption
/// } catch {
///     // a real failure of the step
/// }
/// ```
public struct WorkflowInterruption: Error, Sendable, Hashable {
    /// Why a run was interrupted.
    ///
    /// New causes may be added in any release.
    public struct Cause: Sendable, Hashable, CustomStringConvertible {
        /// The cause in a word.
        public let description: String

        private init(_ description: String) { self.description = description }

        /// It waits for longer than memory is worth, and goes on by itself.
        public static let parked = Cause("parked")
        /// The process is shutting down; another one goes on.
        public static let shutdown = Cause("shutdown")
        /// The workflow was cancelled, or its time is over.
        public static let cancelled = Cause("cancelled")
        /// It begins anew, under the same id.
        public static let continued = Cause("continued")
        /// Another process owns the workflow now.
        public static let superseded = Cause("superseded")
        /// It is paused and needs a person: the code does not match the history, or a recorded value cannot be read.
        public static let paused = Cause("paused")
        /// The branch lost: its group was decided without it.
        public static let decided = Cause("decided")
    }

    /// Why the run was interrupted.
    public let cause: Cause

    init(_ cause: Cause) { self.cause = cause }
}

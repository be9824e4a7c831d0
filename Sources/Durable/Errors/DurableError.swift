// SPDX-License-Identifier: Apache-2.0

/// What went wrong in the engine or in a call to it: to which workflow and step, why, and what to do about it.
///
/// `description` is one line without any payload or parameter and may be logged; `debugDescription` adds the underlying error.
///
/// ```swift
/// do {
///     _ = try await engine.start(Checkout.self, order, id: "checkout-1")
/// } catch let error as DurableError where error.code == .workflowConflict {
///     // the id belongs to another workflow
/// }
/// ```
public struct DurableError: Error, Sendable {
    /// Which kind of error it is.
    ///
    /// New codes may be added in any release.
    public struct Code: Hashable, Sendable, CustomStringConvertible {
        /// The code's name, as it appears in logs.
        public let description: String

        private init(_ description: String) { self.description = description }

        /// The database cannot be reached, or refused the connection.
        public static let databaseUnavailable = Code("databaseUnavailable")
        /// The schema is missing, too old, too new, or not accessible to this role.
        public static let schemaMismatch = Code("schemaMismatch")
        /// The engine, the client or a workflow was configured with something that cannot work.
        public static let invalidConfiguration = Code("invalidConfiguration")
        /// An argument is out of its range: an empty or over-long id or name, a negative duration, a scope too deep.
        public static let invalidArgument = Code("invalidArgument")
        /// A value cannot be written as JSON, or is larger than the limit.
        public static let unencodable = Code("unencodable")
        /// A recorded value can no longer be read as the type that the code expects.
        public static let undecodable = Code("undecodable")
        /// The id belongs to a workflow of another name, or with another input.
        public static let workflowConflict = Code("workflowConflict")
        /// No workflow has this id.
        public static let workflowNotFound = Code("workflowNotFound")
        /// There is no such token.
        public static let tokenNotFound = Code("tokenNotFound")
        /// The workflow refused an update.
        public static let updateRefused = Code("updateRefused")
        /// The workflow has ended, and takes nothing any more.
        public static let workflowEnded = Code("workflowEnded")
        /// The workflow is not in the state that this needs: only a failed one is retried, only a paused one repaired.
        public static let wrongState = Code("wrongState")
        /// The workflow failed; the underlying error says with what.
        public static let workflowFailed = Code("workflowFailed")
        /// The workflow was cancelled.
        public static let workflowCancelled = Code("workflowCancelled")
        /// The undo of a step failed, and the workflow is paused.
        public static let undoFailed = Code("undoFailed")
        /// A step has used up its attempts, and the workflow is paused, as its policy says.
        public static let retriesExhausted = Code("retriesExhausted")
        /// The code no longer matches the recorded history.
        public static let diverged = Code("diverged")
        /// The engine is not running, or is shutting down.
        public static let notRunning = Code("notRunning")
        /// A transaction was used after its commit, or committed or rolled back by its own body.
        public static let transactionMisuse = Code("transactionMisuse")
        /// This process was declared dead by another one, and may write nothing under its old identity.
        public static let superseded = Code("superseded")
    }

    /// Which kind of error it is.
    public var code: Code
    /// What happened, why, and what to do: a sentence or two for a person.
    public var message: String
    /// The id of the workflow that it happened to, if it happened to one.
    public var workflow: String?
    /// The step that it happened in, as people see it (`charge`, `charge#2`), if it happened in one.
    public var step: String?
    /// The error beneath, if there is one.
    public var underlying: (any Error)?

    /// Makes an error.
    public init(
        _ code: Code,
        _ message: String,
        workflow: String? = nil,
        step: String? = nil,
        underlying: (any Error)? = nil
    ) {
        self.code = code
        self.message = message
        self.workflow = workflow
        self.step = step
        self.underlying = underlying
    }
}

extension DurableError: CustomStringConvertible, CustomDebugStringConvertible {
    /// One line: the message, and where it happened.
    public var description: String {
        var text = self.message
        if let workflow { text += " [workflow \(workflow)]" }
        if let step { text += " [step \(step)]" }
        return text
    }

    /// The line of `description`, the code, and the underlying error.
    public var debugDescription: String {
        var text = "DurableError.\(self.code): \(self.description)"
        if let underlying { text += " <- \(String(reflecting: underlying))" }
        return text
    }
}

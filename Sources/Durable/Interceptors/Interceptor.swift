// SPDX-License-Identifier: Apache-2.0

/// Code of the service that stands around what an engine does: it sees the call, calls `proceed`, and sees how it ended.
///
/// ```swift
/// struct Tenancy: Interceptor {
///     func step(_ call: StepCall, _ proceed: Proceed) async throws {
///         let tenant = String(call.workflowID.prefix { $0 != "/" })
///         try await Tenant.$current.withValue(tenant) { try await proceed() }
///     }
/// }
/// ```
///
/// Each function has a default that does nothing but proceed. Interceptors are called in the order in which
/// ``EngineOptions/interceptors`` lists them, the first one outermost; none is called for what is replayed. They stand in the
/// way of what they see: one that hangs holds it up, and a step's timeout counts its interceptors. Who only wants to be told is
/// a ``WorkflowObserver``.
///
/// What is recorded, or answered to a caller, can be refused: `start` and `step` may throw. What is not recorded as a result of
/// its own cannot, since a replay would not meet the refusal again: `run`, `wait` and `child` have no way to throw, and
/// are made even if `proceed` is not called.
public protocol Interceptor: Sendable {
    /// Stands around the start of a workflow by this process.
    ///
    /// Throwing before `proceed` refuses it; what is thrown afterwards reaches the caller, and the workflow has been started. What is put
    /// into a queue is started with that; in a transaction, if and when that commits. Of many in one call each is asked for before any is
    /// written, and throwing refuses the item.
    func start(_ call: StartCall, _ proceed: Proceed) async throws

    /// Stands around one run of a workflow in this process, from its start or resumption to its end or interruption.
    func run(_ call: RunCall, _ passage: Passage) async

    /// Stands around the body of one attempt of a step, a poll or an undo, or of a transaction within its transaction.
    ///
    /// What it throws counts as thrown by the body: the attempt has failed, and a transaction is rolled back.
    func step(_ call: StepCall, _ proceed: Proceed) async throws

    /// Stands around a wait of this run: for the time, a message, a child, or the next attempt.
    ///
    /// A wait that is parked ends with the run; the run that takes the workflow up again begins it anew.
    func wait(_ call: WaitCall, _ passage: Passage) async

    /// Stands around the start of children by a workflow.
    func child(_ call: ChildCall, _ passage: Passage) async
}

extension Interceptor {
    /// Proceeds.
    public func start(_ call: StartCall, _ proceed: Proceed) async throws { try await proceed() }

    /// Proceeds.
    public func run(_ call: RunCall, _ passage: Passage) async { await passage.proceed() }

    /// Proceeds.
    public func step(_ call: StepCall, _ proceed: Proceed) async throws { try await proceed() }

    /// Proceeds.
    public func wait(_ call: WaitCall, _ passage: Passage) async { await passage.proceed() }

    /// Proceeds.
    public func child(_ call: ChildCall, _ passage: Passage) async { await passage.proceed() }
}

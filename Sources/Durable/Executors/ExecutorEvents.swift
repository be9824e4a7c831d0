// SPDX-License-Identifier: Apache-2.0

/// What an executor tells the engine.
///
/// The callbacks run on the lease's thread and must be quick: they hand work on.
package struct ExecutorEvents: Sendable {
    /// Effects may not start until further notice; running steps should be cancelled.
    ///
    /// Their records still count if nobody has taken over.
    package var lapsed: @Sendable (Lease) -> Void
    /// A lapsed lease was renewed after all.
    package var restored: @Sendable (Lease) -> Void
    /// The identity is dead: every run of it must be dropped, now.
    ///
    /// Told once per identity, and not after `stop`.
    package var ended: @Sendable (Lease, LeaseEnding) -> Void
    /// A new identity was registered in place of a dead one; `Executor.lease` names it as soon as this returns.
    ///
    /// Not told of the first one, which `register` returns.
    package var registered: @Sendable (Lease) -> Void

    package init(
        lapsed: @escaping @Sendable (Lease) -> Void = { _ in },
        restored: @escaping @Sendable (Lease) -> Void = { _ in },
        ended: @escaping @Sendable (Lease, LeaseEnding) -> Void = { _, _ in },
        registered: @escaping @Sendable (Lease) -> Void = { _ in }
    ) {
        self.lapsed = lapsed
        self.restored = restored
        self.ended = ended
        self.registered = registered
    }
}

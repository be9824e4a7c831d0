// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// The lease of one identity, as the runs of that identity see it: whether an effect may start now.
///
/// Every run keeps the lease that it was claimed under. A fenced process registers a new identity with a new lease; the
/// old one never permits anything again, so a run that was not told yet cannot slip through under the new one.
package final class Lease: Sendable {
    /// Whose lease it is.
    package let identity: ExecutorIdentity

    private struct State {
        var until: ContinuousClock.Instant
        var ending: LeaseEnding?
        var nextWaiter: UInt64 = 0
        var waiters: [UInt64: CheckedContinuation<Void, Never>] = [:]
    }

    private static let origin = ContinuousClock.now
    private let state: Mutex<State>
    /// Nanoseconds from `origin` until which effects may start: what the hot path reads instead of the lock.
    private let deadline: Atomic<Int64>

    /// Makes the lease of a fresh registration.
    package init(identity: ExecutorIdentity, until: ContinuousClock.Instant) {
        self.identity = identity
        self.state = Mutex(State(until: until))
        self.deadline = Atomic(Self.nanoseconds(until))
    }

    /// Whether an effect may start now.
    ///
    /// Decided by the clock: true never outlasts the deadline, even if every thread that renews is stuck. Cheap enough
    /// for every attempt of every step.
    ///
    /// - Parameter now: The machine's time, of which it was asked just now.
    package func mayStartEffect(at now: ContinuousClock.Instant = .now) -> Bool {
        Self.nanoseconds(now) < self.deadline.load(ordering: .acquiring)
    }

    /// Why the identity is over; nil while it is not.
    package var ending: LeaseEnding? { self.state.withLock { $0.ending } }

    /// Until when effects may start unless a renewal succeeds.
    package var until: ContinuousClock.Instant { self.state.withLock { $0.until } }

    /// Returns when an effect may start.
    ///
    /// - Throws: `DurableError` with code `superseded` when the identity is over, `CancellationError` when the task is
    ///   cancelled.
    @inline(never)
    package nonisolated(nonsending) func waitUntilMayStartEffect() async throws {
        while true {
            if let ending = self.ending { throw Self.superseded(self.identity, ending) }
            if self.mayStartEffect() { return }
            try Task.checkCancellation()
            await self.nextChange()
        }
    }

    /// Called by the keeper after a renewal that succeeded.
    func hold(until: ContinuousClock.Instant) {
        let waiters = self.state.withLock { state in
            guard state.ending == nil else { return [CheckedContinuation<Void, Never>]() }
            state.until = until
            self.deadline.store(Self.nanoseconds(until), ordering: .releasing)
            defer { state.waiters = [:] }
            return Array(state.waiters.values)
        }
        for waiter in waiters { waiter.resume() }
    }

    /// Called by the keeper when the identity is over.
    ///
    /// The first reason stands.
    func end(_ ending: LeaseEnding) {
        let waiters = self.state.withLock { state in
            if state.ending == nil { state.ending = ending }
            self.deadline.store(.min, ordering: .releasing)
            defer { state.waiters = [:] }
            return Array(state.waiters.values)
        }
        for waiter in waiters { waiter.resume() }
    }

    /// The error that a run of a dead identity gets.
    static func superseded(_ identity: ExecutorIdentity, _ ending: LeaseEnding) -> DurableError {
        DurableError(
            .superseded,
            "Executor \(identity.number) (\(identity.name)) is over: \(ending). Nothing can be recorded under it; its work goes on elsewhere."
        )
    }

    private nonisolated(nonsending) func nextChange() async {
        let number = self.state.withLock { state in
            state.nextWaiter += 1
            return state.nextWaiter
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
                let resumeAtOnce = self.state.withLock { state in
                    // Checked again under the lock: a change between the caller's look and here would be missed.
                    if state.ending != nil || self.mayStartEffect() || Task.isCancelled { return true }
                    state.waiters[number] = continuation
                    return false
                }
                if resumeAtOnce { continuation.resume() }
            }
        } onCancel: {
            self.state.withLock { $0.waiters.removeValue(forKey: number) }?.resume()
        }
    }

    private static func nanoseconds(_ instant: ContinuousClock.Instant) -> Int64 {
        let (seconds, attoseconds) = (instant - self.origin).components
        return seconds * 1_000_000_000 + attoseconds / 1_000_000_000
    }
}

extension Lease: CustomStringConvertible {
    /// Whose lease it is and how it stands, for logs.
    package var description: String {
        let whose = "executor \(self.identity.number) (\(self.identity.name)), epoch \(self.identity.epoch)"
        if let ending { return "\(whose): over, \(ending)" }
        let left = self.until - ContinuousClock.now
        return left > .zero ? "\(whose): \(left) left" : "\(whose): lapsed"
    }
}

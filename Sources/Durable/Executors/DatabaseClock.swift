// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// The database's time as this process knows it: its own monotonic clock plus a measured offset.
///
/// The wall clock of the machine is never read, so setting it changes nothing.
package final class DatabaseClock: Sendable {
    private static let origin = ContinuousClock.now
    private let estimate = Mutex<ClockEstimate?>(nil)
    private let offset = Atomic<Int64>(0)
    private let latest = Atomic<Int64>(.min)
    /// How far a test has moved time; nil in every service.
    private let shift: ClockShift?

    package init(shift: ClockShift? = nil) {
        self.shift = shift
    }

    /// Microseconds since 2000-01-01 UTC.
    ///
    /// Never goes back, whichever thread asks; costs no lock.
    ///
    /// Meaningless before the first registration: nothing runs then.
    package func now() -> Int64 { self.time(at: .now) }

    /// The same for a moment of which the machine's clock was asked already, just now.
    package func time(at now: ContinuousClock.Instant) -> Int64 {
        var time = Self.microseconds(now) + self.offset.load(ordering: .relaxed)
        if let shift { time += shift.microseconds }
        return self.latest.max(time, ordering: .relaxed).newValue
    }

    /// By how many microseconds `now` may differ from the database's clock; nil before the first measurement.
    package var uncertainty: Int64? { self.estimate.withLock { $0?.uncertainty } }

    /// Sleeps until a time of the database's clock, at most a minute; a test that moves time ends it early.
    ///
    /// Ends early when the task is cancelled.
    package func sleep(until due: Int64) async {
        let moves = self.moves
        let remaining = Duration.microseconds(min(due - self.now(), 60_000_000))
        guard remaining > .zero else { return }
        if let shift { return await shift.sleep(for: remaining, since: moves) }
        // Cancelled: whoever loops looks for that itself.
        try? await Task.sleep(for: remaining)
    }

    /// What `observe` is given to know whether a test has moved time since.
    package var moves: UInt64 { self.shift?.moves ?? 0 }

    /// Takes in a round trip during which the server's clock said `database` microseconds since 2000-01-01 UTC.
    ///
    /// - Parameter moves: What `moves` was when it was sent; a round trip during which time was moved tells nothing.
    package func observe(
        sent: ContinuousClock.Instant,
        received: ContinuousClock.Instant,
        database: Int64,
        since moves: UInt64? = nil
    ) {
        var database = database
        if let shift {
            let shifted = shift.microseconds
            guard shift.isUnmoved(since: moves ?? shift.moves) else { return }
            database -= shifted
        }
        let (sent, received) = (Self.microseconds(sent), Self.microseconds(received))
        let offset = self.estimate.withLock { estimate in
            if estimate == nil {
                estimate = ClockEstimate(sent: sent, received: received, database: database)
            } else {
                estimate?.observe(sent: sent, received: received, database: database)
            }
            return estimate?.offset ?? 0
        }
        self.offset.store(offset, ordering: .relaxed)
    }

    /// Forgets everything: the next round trip may lead to an earlier time.
    ///
    /// For a server of another incarnation, whose clock may be another machine's; every run is dropped then, so none
    /// sees its own time go back.
    package func reset() {
        self.estimate.withLock { $0 = nil }
        self.latest.store(.min, ordering: .relaxed)
    }

    private static func microseconds(_ instant: ContinuousClock.Instant) -> Int64 {
        let (seconds, attoseconds) = (instant - self.origin).components
        return seconds * 1_000_000 + attoseconds / 1_000_000_000_000
    }
}

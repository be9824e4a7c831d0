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

    package init() {}

    /// Microseconds since 2000-01-01 UTC.
    ///
    /// Never goes back, whichever thread asks; costs no lock.
    ///
    /// Meaningless before the first registration: nothing runs then.
    package func now() -> Int64 {
        let time = Self.microseconds(.now) + self.offset.load(ordering: .relaxed)
        return self.latest.max(time, ordering: .relaxed).newValue
    }

    /// By how many microseconds `now` may differ from the database's clock; nil before the first measurement.
    package var uncertainty: Int64? { self.estimate.withLock { $0?.uncertainty } }

    /// Takes in a round trip during which the server's clock said `database` microseconds since 2000-01-01 UTC.
    package func observe(sent: ContinuousClock.Instant, received: ContinuousClock.Instant, database: Int64) {
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

// SPDX-License-Identifier: Apache-2.0

/// How far the database's clock is ahead of this process's monotonic one, from the round trips seen so far.
///
/// The database read its clock somewhere between sending and receiving, so the middle is at most half a round trip
/// wrong. A slow round trip does not spoil what a fast one has taught, until drift may have made the fast one worse.
/// All values are microseconds.
package struct ClockEstimate: Hashable, Sendable {
    /// Database time minus monotonic time.
    package private(set) var offset: Int64
    /// By how much `offset` may be wrong.
    package private(set) var uncertainty: Int64
    private var measuredAt: Int64

    /// The drift that two clocks may have against each other: 200 µs a second, generous for quartz under NTP slew.
    private static let driftPerSecond: Int64 = 200

    /// Begins with one round trip: sent and received by the monotonic clock, `database` what the server's clock said.
    package init(sent: Int64, received: Int64, database: Int64) {
        self.offset = database - (sent + (received - sent) / 2)
        self.uncertainty = (received - sent + 1) / 2
        self.measuredAt = received
    }

    /// Takes in another round trip.
    package mutating func observe(sent: Int64, received: Int64, database: Int64) {
        let sample = ClockEstimate(sent: sent, received: received, database: database)
        let age = max(0, received - self.measuredAt)
        let aged = self.uncertainty + age * Self.driftPerSecond / 1_000_000
        // Further apart than both can be wrong: the server's clock was set, or a test shifted it. Believe the newer.
        let stepped = abs(sample.offset - self.offset) > aged + sample.uncertainty
        if stepped || sample.uncertainty <= aged { self = sample }
    }
}

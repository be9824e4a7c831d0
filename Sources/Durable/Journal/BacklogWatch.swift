// SPDX-License-Identifier: Apache-2.0

/// For how long the oldest row that is not durable has waited, as far as looks from time to time can tell.
///
/// Pure: what is looked at, and when, is handed in. Rows that come and go cost nothing for it: a look remembers whose row is
/// the oldest, and the next one asks whether that has become durable.
package struct BacklogWatch: Sendable {
    private struct Oldest {
        let lane: RunLane
        let ticket: Int
        let seen: ContinuousClock.Instant
    }

    private var oldest: Oldest?

    package init() {}

    /// Looks.
    ///
    /// - Parameter lane: The run of the oldest row that is not durable; nil when there is none.
    /// - Returns: How long a row has waited at least that a former look has seen; nil when none has.
    package mutating func look(at lane: RunLane?, now: ContinuousClock.Instant) -> Duration? {
        if let oldest, !oldest.lane.isDurable(oldest.ticket), oldest.lane.failure == nil { return now - oldest.seen }
        self.oldest = lane.map { Oldest(lane: $0, ticket: $0.lastTicket, seen: now) }
        return nil
    }
}

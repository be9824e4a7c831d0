// SPDX-License-Identifier: Apache-2.0

/// Whether a wait is short enough to be held in memory, or the workflow is parked.
package struct WaitDecision: Hashable, Sendable {
    /// What to do about one wait.
    package enum Action: Hashable, Sendable {
        /// Stay in memory for this long.
        case hold(for: Duration)
        /// Leave memory until this time (microseconds since 2000-01-01 UTC, the database's clock).
        case park(until: Int64)
    }

    /// The longest wait that is held in memory.
    package var hold: Duration

    package init(hold: Duration) { self.hold = hold }

    /// What to do about a wait until `due`; both times are microseconds since 2000-01-01 UTC.
    package func action(until due: Int64, now: Int64) -> Action {
        let left = Duration.microseconds(due: due, now: now)
        return left <= self.hold ? .hold(for: left) : .park(until: due)
    }
}

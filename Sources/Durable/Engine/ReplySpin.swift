// SPDX-License-Identifier: Apache-2.0

/// Whether the thread that waits for a reply, while nobody else does, looks for it itself, without sleeping.
///
/// Pure: the shell looks, and tells what came of it.
///
/// A commit of 0.2 ms is slower by half when two threads must be woken for its reply. Where replies take longer than the
/// limit, looking is in vain and the wake-ups do not count: every time in vain doubles the number of replies that are let
/// pass before the next try.
package struct ReplySpin: Sendable {
    /// How many replies are let pass at most.
    static let longestPause = 1024

    private let limit: Duration
    private var pause = 0
    private var passed = 0

    /// Never looks, if `limit` is zero or there is no processor beside this thread's.
    package init(limit: Duration, processors: Int) {
        self.limit = processors > 1 ? limit : .zero
    }

    /// How long to look for the reply that is under way; nil to leave it to the poller.
    package mutating func next() -> Duration? {
        guard self.limit > .zero else { return nil }
        if self.passed < self.pause {
            self.passed += 1
            return nil
        }
        self.passed = 0
        return self.limit
    }

    /// The reply came, or the time was in vain.
    package mutating func ended(answered: Bool) {
        self.pause = answered ? 0 : min(ReplySpin.longestPause, max(1, self.pause * 2))
    }
}

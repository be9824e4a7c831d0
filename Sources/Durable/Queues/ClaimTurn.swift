// SPDX-License-Identifier: Apache-2.0

/// One turn of taking due workflows: first of what has no limits, then of each queue that has some.
///
/// Pure: the caller executes what `next` says, and tells what came of it.
struct ClaimTurn: Sendable {
    /// What to do next.
    enum Action: Hashable, Sendable {
        /// Take at most so many of the queues without limits, and say which queues with limits have something due.
        case unlimited(atMost: Int)
        /// Take at most so many of this queue.
        case limited(queue: String, atMost: Int)
        /// Nothing more in this turn.
        case done(isMoreLikely: Bool)
    }

    private enum State {
        case begun
        case claiming(rest: [String])
    }

    private let batch: Int
    private var room: Int
    private let firstShare: Int
    private var state = State.begun
    private var isMoreLikely = false

    /// Begins a turn.
    ///
    /// - Parameters:
    ///   - room: How many workflows still fit in memory.
    ///   - batch: How many one claim takes at most.
    ///   - isSharing: Whether queues with limits had something due in the turn before: where the room is scarce, half of it is kept for them.
    ///   - number: Counts turns: of an odd room each side has the larger half in turn.
    init(room: Int, batch: Int, isSharing: Bool, number: Int) {
        self.room = max(0, room)
        self.batch = batch
        let share = isSharing && self.room < batch ? (self.room + (number.isMultiple(of: 2) ? 1 : 0)) / 2 : self.room
        self.firstShare = min(batch, share)
    }

    /// What to do first.
    func first() -> Action {
        self.room == 0 ? .done(isMoreLikely: false) : .unlimited(atMost: self.firstShare)
    }

    /// So many were taken of the queues without limits, and these have something due, in the order in which they are to be tried.
    mutating func took(_ count: Int, waiting queues: [String]) -> Action {
        self.note(count, of: self.firstShare)
        self.state = .claiming(rest: queues.reversed())
        return self.next()
    }

    /// So many were taken of a queue with limits, of at most `limit`.
    mutating func took(_ count: Int, atMost limit: Int) -> Action {
        self.note(count, of: limit)
        return self.next()
    }

    private mutating func note(_ count: Int, of limit: Int) {
        self.room -= count
        // Less than asked for: there is no more, or other processes are taking it.
        if limit > 0, count >= limit { self.isMoreLikely = true }
    }

    private mutating func next() -> Action {
        guard case .claiming(var rest) = self.state, self.room > 0, let queue = rest.popLast() else {
            return .done(isMoreLikely: self.isMoreLikely && self.room > 0)
        }
        self.state = .claiming(rest: rest)
        return .limited(queue: queue, atMost: min(self.batch, self.room))
    }
}

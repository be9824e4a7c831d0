// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// How far a test has moved the time of its database ahead, for the engines on it.
///
/// Database and process cannot move at the same instant. So a move has a beginning and an end, and a round trip that is
/// under way between the two teaches nobody anything about clocks.
package final class ClockShift: Sendable {
    private struct State {
        var sleepers: [UInt64: CheckedContinuation<Void, Never>] = [:]
        /// Whose sleep was over, maybe before it had begun.
        var woken: Set<UInt64> = []
        var listeners: [UInt64: @Sendable () -> Void] = [:]
        var next: UInt64 = 0
    }

    private let shift = Atomic<Int64>(0)
    /// Odd while a move is under way.
    private let count = Atomic<UInt64>(0)
    private let state = Mutex(State())

    package init() {}

    /// By how many microseconds time is ahead.
    package var microseconds: Int64 { self.shift.load(ordering: .sequentiallyConsistent) }

    /// How often time was moved, twice over; odd while it is being moved.
    package var moves: UInt64 { self.count.load(ordering: .sequentiallyConsistent) }

    /// Whether no move was under way at a time and none has been since.
    package func isUnmoved(since moves: UInt64) -> Bool { moves % 2 == 0 && moves == self.moves }

    /// Moves time: the database first, then this process, whose sleepers look at the clock again.
    ///
    /// One move at a time: the caller sees to it.
    package func move(by microseconds: Int64, database: () async throws -> Void) async rethrows {
        self.count.add(1, ordering: .sequentiallyConsistent)
        defer { self.count.add(1, ordering: .sequentiallyConsistent) }
        try await database()
        self.shift.add(microseconds, ordering: .sequentiallyConsistent)
        let (sleepers, listeners) = self.state.withLock { state in
            defer { state.sleepers = [:] }
            return (Array(state.sleepers.values), Array(state.listeners.values))
        }
        for sleeper in sleepers { sleeper.resume() }
        for listener in listeners { listener() }
    }

    /// Calls back after every move, until the number that it returns is given to `forget`.
    package func listen(_ listener: @escaping @Sendable () -> Void) -> UInt64 {
        self.state.withLock { state in
            state.next += 1
            state.listeners[state.next] = listener
            return state.next
        }
    }

    /// Calls back no more.
    package func forget(_ number: UInt64) {
        self.state.withLock { _ = $0.listeners.removeValue(forKey: number) }
    }

    /// Sleeps for so long, until the task is cancelled, or until time is moved: at once, if it was since `moves` was read.
    package func sleep(for duration: Duration, since moves: UInt64) async {
        let number = self.state.withLock { state in
            state.next += 1
            return state.next
        }
        let timer = Task {
            // Cancelled by the end of the sleep itself.
            try? await Task.sleep(for: duration)
            self.wake(number)
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { (sleeper: CheckedContinuation<Void, Never>) in
                let isOver = self.state.withLock { state in
                    if state.woken.contains(number) || self.moves != moves { return true }
                    state.sleepers[number] = sleeper
                    return false
                }
                if isOver { sleeper.resume() }
            }
        } onCancel: {
            self.wake(number)
        }
        timer.cancel()
        await timer.value
        self.state.withLock { _ = $0.woken.remove(number) }
    }

    private func wake(_ number: UInt64) {
        let sleeper = self.state.withLock { state in
            state.woken.insert(number)
            return state.sleepers.removeValue(forKey: number)
        }
        sleeper?.resume()
    }
}

// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Lets so many tests have a database at a time.
///
/// Swift Testing begins all tests of a process at once; a few hundred engines on
/// one small server would only wait for each other, and for their deadlines.
final class DatabaseTurns: Sendable {
    private struct State {
        var free: Int
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    /// Whether this task has its turn already: a test that makes a second database must not wait for itself.
    @TaskLocal static var isTaken = false
    static let shared = DatabaseTurns(limit: 8)

    private let state: Mutex<State>

    init(limit: Int) {
        self.state = Mutex(State(free: limit))
    }

    /// Runs the body when it is its turn, in the order in which tests came.
    func take<R>(_ body: () async throws -> R) async rethrows -> R {
        if DatabaseTurns.isTaken { return try await body() }
        await self.wait()
        defer { self.passOn() }
        return try await DatabaseTurns.$isTaken.withValue(true) { try await body() }
    }

    private func wait() async {
        await withCheckedContinuation { waiter in
            let isFree = self.state.withLock { state in
                if state.free > 0 {
                    state.free -= 1
                    return true
                }
                state.waiting.append(waiter)
                return false
            }
            if isFree { waiter.resume() }
        }
    }

    private func passOn() {
        let next = self.state.withLock { state -> CheckedContinuation<Void, Never>? in
            if state.waiting.isEmpty {
                state.free += 1
                return nil
            }
            return state.waiting.removeFirst()
        }
        next?.resume()
    }
}

// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Lets one task at a time through, in the order in which they came.
final class AsyncLock: Sendable {
    private struct State {
        var isHeld = false
        var waiters: [CheckedContinuation<Void, Never>] = []
    }

    private let state = Mutex(State())

    func hold<R>(_ body: () async throws -> R) async rethrows -> R {
        await withCheckedContinuation { waiter in
            let isFree = self.state.withLock { state in
                if !state.isHeld {
                    state.isHeld = true
                    return true
                }
                state.waiters.append(waiter)
                return false
            }
            if isFree { waiter.resume() }
        }
        defer { self.release() }
        return try await body()
    }

    private func release() {
        let next = self.state.withLock { state -> CheckedContinuation<Void, Never>? in
            if state.waiters.isEmpty {
                state.isHeld = false
                return nil
            }
            return state.waiters.removeFirst()
        }
        next?.resume()
    }
}

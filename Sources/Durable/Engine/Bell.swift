// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Wakes one loop before its time.
///
/// Ringing while nobody waits is remembered.
final class Bell: Sendable {
    private struct State {
        var isRung = false
        var waiter: CheckedContinuation<Void, Never>?
    }

    private let state = Mutex(State())

    func ring() {
        let waiter = self.state.withLock { state in
            state.isRung = state.waiter == nil
            defer { state.waiter = nil }
            return state.waiter
        }
        waiter?.resume()
    }

    /// Waits until it rings, at most for so long (and a fifth more or less, so that processes spread).
    func wait(atMost limit: Duration) async {
        let clock = Task {
            await Backoff.sleep(limit)
            // Cancelled since it rang: ringing once more would end the next wait as well, and so on without an end.
            if !Task.isCancelled { self.ring() }
        }
        defer { clock.cancel() }
        await withTaskCancellationHandler {
            await withCheckedContinuation { waiter in
                let isRung = self.state.withLock { state in
                    if state.isRung || Task.isCancelled {
                        state.isRung = false
                        return true
                    }
                    state.waiter = waiter
                    return false
                }
                if isRung { waiter.resume() }
            }
        } onCancel: {
            self.ring()
        }
    }
}

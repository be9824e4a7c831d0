// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// The attempts of steps that a run is at.
extension Run {
    func attemptBegan(_ attempt: RunningAttempt) {
        self.state.withLock { $0.attempts.append(attempt) }
    }

    func attemptEnded(_ attempt: RunningAttempt) {
        self.state.withLock { state in
            guard let index = state.attempts.firstIndex(where: { $0 === attempt }) else { return }
            state.attempts.swapAt(index, state.attempts.count - 1)
            state.attempts.removeLast()
        }
    }

    /// The attempts that run now, for `durable.activity`.
    var attempts: [RunningAttempt] {
        self.state.withLock { $0.attempts }
    }
}

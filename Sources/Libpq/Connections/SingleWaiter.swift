// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// A continuation that several parties may try to resume; the first one wins.
final class SingleWaiter<Value: Sendable>: Sendable {
    typealias Outcome = Result<Value, PostgresError>

    private enum State {
        case fresh
        case waiting(CheckedContinuation<Outcome, Never>)
        /// Resumed before anybody waited.
        case early(Outcome)
        case done
    }

    private let state = Mutex(State.fresh)

    func wait(_ continuation: CheckedContinuation<Outcome, Never>) {
        let early = self.state.withLock { state -> Outcome? in
            guard case .early(let outcome) = state else {
                state = .waiting(continuation)
                return nil
            }
            state = .done
            return outcome
        }
        if let early { continuation.resume(returning: early) }
    }

    /// False if somebody was faster.
    @discardableResult
    func resume(_ outcome: Outcome) -> Bool {
        let (continuation, won) = self.state.withLock { state -> (CheckedContinuation<Outcome, Never>?, Bool) in
            switch state {
            case .fresh:
                state = .early(outcome)
                return (nil, true)
            case .waiting(let continuation):
                state = .done
                return (continuation, true)
            case .early, .done:
                return (nil, false)
            }
        }
        continuation?.resume(returning: outcome)
        return won
    }
}

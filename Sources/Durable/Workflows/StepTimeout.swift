// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// An attempt took longer than its step allows.
struct StepTimeout: Error, CustomStringConvertible {
    let step: String
    let timeout: Duration

    /// Throws `DurableError.invalidArgument` for a timeout that is not positive, or longer than 100 years.
    static func check(_ timeout: Duration, of step: String) throws {
        try DatabaseTime.check(timeout, as: "the timeout of step \(step)")
        guard timeout > .zero else {
            throw DurableError(.invalidArgument, "the timeout of step \(step) is zero; it must be positive", step: step)
        }
    }

    var description: String {
        "an attempt of step \(self.step) did not end within \(self.timeout) and was cancelled; it may still be running"
    }
}

/// Runs an operation beside a clock.
///
/// When the time is over the operation is cancelled and no longer waited for.
func withTimeout<T: Sendable>(
    _ timeout: Duration,
    name: String,
    _ operation: @escaping @Sendable () async throws -> T
) async throws -> T {
    let race = TimeoutRace<T>()
    let work = Task {
        do { race.finish(.success(try await operation())) } catch { race.finish(.failure(error)) }
    }
    let clock = Task {
        try await Task.sleep(for: timeout)
        race.finish(.failure(StepTimeout(step: name, timeout: timeout)))
        work.cancel()
    }
    defer { clock.cancel() }
    return try await withTaskCancellationHandler {
        try await race.result()
    } onCancel: {
        work.cancel()
    }
}

/// The first result counts.
private final class TimeoutRace<T: Sendable>: Sendable {
    private enum State {
        case running(UnsafeContinuation<T, any Error>?)
        case finished(Result<T, any Error>)
    }

    private let state = Mutex(State.running(nil))

    func finish(_ result: Result<T, any Error>) {
        let waiter = self.state.withLock { state -> UnsafeContinuation<T, any Error>? in
            guard case .running(let waiter) = state else { return nil }
            state = .finished(result)
            return waiter
        }
        waiter?.resume(with: result)
    }

    func result() async throws -> T {
        try await withUnsafeThrowingContinuation { waiter in
            let result = self.state.withLock { state -> Result<T, any Error>? in
                if case .finished(let result) = state { return result }
                state = .running(waiter)
                return nil
            }
            if let result { waiter.resume(with: result) }
        }
    }
}

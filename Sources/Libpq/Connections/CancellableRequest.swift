// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// A request that a task waits for.
final class CancellableRequest: Sendable {
    typealias Outcome = Result<[StatementResult], PostgresError>

    private struct State {
        var id: UInt64?
        var isCancelled = false
    }

    private let core: ConnectionCore
    private let state = Mutex(State())

    init(_ core: ConnectionCore) { self.core = core }

    func start(
        _ statements: [Statement],
        deadline: Duration?,
        _ continuation: CheckedContinuation<Outcome, Never>
    ) {
        guard !self.state.withLock({ $0.isCancelled }) else {
            return continuation.resume(
                returning: .failure(PostgresError(.cancelled, "the task was cancelled before the request was sent"))
            )
        }
        let id = self.core.send(statements, deadline: deadline) { result in
            continuation.resume(returning: self.translated(result))
        }
        let isCancelled = self.state.withLock { state in
            state.id = id
            return state.isCancelled
        }
        if isCancelled, let id { self.core.cancel(id) }
    }

    func cancel() {
        let id = self.state.withLock { state in
            state.isCancelled = true
            return state.id
        }
        if let id { self.core.cancel(id) }
    }

    /// The server's "cancelled on request" is our own doing only if the task was cancelled.
    private func translated(_ result: Outcome) -> Outcome {
        guard case .failure(var error) = result, error.sqlState == "57014", self.state.withLock({ $0.isCancelled })
        else { return result }
        error.code = .cancelled
        return .failure(error)
    }
}

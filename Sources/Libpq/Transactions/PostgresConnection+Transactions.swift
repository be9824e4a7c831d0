// SPDX-License-Identifier: Apache-2.0

import Synchronization

extension PostgresConnection {
    /// Runs `body` in a transaction: committed when it returns, rolled back when it throws.
    ///
    /// If the server reports that the transaction lost against another one (SQLSTATE 40001, 40P01) it is rolled back and `body` runs again, so that
    /// it must have no effects but those of its statements.
    ///
    /// - Parameters:
    ///   - isolation: What the transaction sees of others.
    ///   - readOnly: Whether it may only read.
    ///   - retries: How often `body` may be run again.
    ///   - deadline: How long each request may take.
    ///   - body: What it does.
    /// - Throws: what `body` threw. An error of the commit itself with `isOutcomeUnknown` leaves open whether it was committed.
    public func withTransaction<R>(
        isolation: PostgresIsolation = .readCommitted,
        readOnly: Bool = false,
        retries: Int = 3,
        deadline: Duration? = nil,
        _ body: (PostgresTransaction) async throws -> R
    ) async throws -> R {
        var attempt = 0
        while true {
            let transaction = PostgresTransaction(self, isolation, readOnly: readOnly, deadline: deadline)
            do {
                let value = try await body(transaction)
                try await transaction.commit()
                return value
            } catch {
                await transaction.rollback()
                let failure = transaction.failure ?? (error as? PostgresError)
                guard attempt < retries, let failure, failure.isLostRace, !self.isClosed, !Task.isCancelled else {
                    throw error
                }
                attempt += 1
                // Whoever won needs a moment; equal pauses would make the same two meet again.
                let ceiling = Double(min(10 << attempt, 500))
                do {
                    try await Task.sleep(for: .milliseconds(Double.random(in: ceiling / 2...ceiling)))
                } catch {
                    throw failure
                }
            }
        }
    }

    /// Where the session stands, as of its last complete request.
    public var transactionStatus: PostgresTransactionStatus {
        self.core.state.withLock { state in
            if state.connection == nil { return .unknown }
            return state.machine.isIdle ? state.transactionStatus : .active
        }
    }

    /// Runs statements without regard to the task's cancellation: an end of a transaction is not left half-way.
    @discardableResult
    func runToTheEnd(_ queries: [Query], deadline: Duration?) async throws(PostgresError) -> [StatementResult] {
        let result = await withCheckedContinuation { continuation in
            self.core.send(queries.map { Statement($0) }, deadline: deadline) { continuation.resume(returning: $0) }
        }
        return try result.get()
    }
}

extension PostgresError {
    /// Whether the transaction lost against another one, and may succeed if it is repeated.
    public var isLostRace: Bool {
        (self.sqlState == "40001" || self.sqlState == "40P01") && !self.isOutcomeUnknown
    }
}

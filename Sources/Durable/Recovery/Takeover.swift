// SPDX-License-Identifier: Apache-2.0

import Libpq

/// Declares an executor dead and frees its workflows, in that order: fence, commit, and only then touch its rows.
struct Takeover: Sendable {
    /// A workflow that was freed.
    struct Freed: Hashable, Sendable {
        var id: String
        /// Whether it was paused instead of queued, since its processes keep dying of it.
        var isPaused: Bool
        var recoveries: Int32
    }

    let statements: RecoveryStatements
    /// How long one try waits for the executor's open transactions before their sessions are ended.
    var lockTimeout: Duration = .milliseconds(200)
    /// How often it is tried: an ended session may take a moment to go, and another process may be taking over too.
    var tries = 10
    /// Takeovers without a new record that pause a workflow.
    var recoveryLimit: Int32 = 10
    /// Rows freed by one transaction.
    var batch: Int64 = 1_000

    /// After this the executor can write nothing any more, by this call or by another process's.
    ///
    /// - Returns: False if its lease is valid after all, or if somebody's open transaction could not be ended in time.
    func fence(_ executor: Int32, isProvenGone: Bool = false, on connection: PostgresConnection) async throws -> Bool {
        let parameters = [Parameter(executor), Parameter(isProvenGone)]
        let take = ShortTransaction(
            lockTimeout: self.lockTimeout,
            statements: [Statement(self.statements.takeOver, parameters)]
        )
        let terminate = ShortTransaction(
            lockTimeout: self.lockTimeout,
            statements: [Statement(self.statements.terminateHolders, parameters)]
        )
        for _ in 0..<self.tries {
            do {
                let results = try await take.run(on: connection, deadline: .seconds(10))
                return try results[0].rows.first?.decode(0, as: Bool.self) ?? false
            } catch let error as PostgresError where error.isLocked {
                // A process that was stopped inside a transaction holds its fence for ever, and no time-out of the server
                // ends it. Its sessions are ended; the lock's holders are just those that matter.
                _ = try await terminate.run(on: connection, deadline: .seconds(10))
            }
        }
        return false
    }

    /// Frees the rows of an executor that was fenced, batch by batch.
    ///
    /// Rows that another process is just freeing are left to it.
    ///
    /// - Parameter freed: Called behind each batch that had rows.
    func free(
        _ executor: Int32,
        on connection: PostgresConnection,
        freed notify: @Sendable () -> Void = {}
    ) async throws -> [Freed] {
        var freed: [Freed] = []
        while true {
            let results = try await ShortTransaction(
                lockTimeout: self.lockTimeout,
                statements: [
                    Statement(
                        self.statements.free,
                        [Parameter(executor), Parameter(self.batch), Parameter(self.recoveryLimit)]
                    ),
                    Statement(self.statements.clearActivity, [Parameter(executor)]),
                ]
            ).run(on: connection, deadline: .seconds(30))
            for row in results[0].rows {
                let (id, isPaused, recoveries) = try row.decode((String, Bool, Int32).self)
                freed.append(Freed(id: id, isPaused: isPaused, recoveries: recoveries))
            }
            if !results[0].rows.isEmpty { notify() }
            if results[0].rows.count < Int(self.batch) { return freed }
            try Task.checkCancellation()
        }
    }
}

// SPDX-License-Identifier: Apache-2.0

package import Libpq
package import Logging
import Synchronization

/// Finds unfinished work and shares it: takes over from the dead, claims what is due, gives back what nobody runs.
///
/// Everything here is safe to do from any number of processes at once, and costs little when there is nothing to do.
package final class Recovery: Sendable {
    let pool: PostgresPool
    let executor: Executor
    let fences: ExecutorStatements
    let statements: RecoveryStatements
    let claims: ClaimStatements
    let options: RecoveryOptions
    let logger: Logger
    /// By executor number: a new identity owns nothing that an old one did.
    let orphans = Mutex<[Int32: OrphanLedger]>([:])

    /// Makes the recovery of one executor.
    package init(
        pool: PostgresPool,
        executor: Executor,
        fences: ExecutorStatements,
        statements: RecoveryStatements,
        claims: ClaimStatements,
        options: RecoveryOptions = RecoveryOptions(),
        logger: Logger
    ) {
        self.pool = pool
        self.executor = executor
        self.fences = fences
        self.statements = statements
        self.claims = claims
        self.options = options
        self.logger = logger
    }

    /// Runs a transaction that writes as the lease's executor.
    func fenced(
        _ lease: Lease,
        asynchronous: Bool = false,
        _ statements: [Statement]
    ) async throws -> [StatementResult] {
        if let ending = lease.ending { throw Lease.superseded(lease.identity, ending) }
        var all = [lease.identity.fence(self.fences)]
        if asynchronous { all.append(Statement(ShortTransaction.asynchronous)) }
        let before = all.count
        let transaction = ShortTransaction(statements: all + statements)
        let deadline = self.options.requestDeadline
        do {
            let results = try await self.pool.withConnection { connection in
                try await transaction.run(on: connection, deadline: deadline)
            }
            return Array(results[before...])
        } catch {
            guard let ending = LeaseEnding(refusal: error) else { throw error }
            self.executor.refused(lease.identity, ending)
            throw Lease.superseded(lease.identity, ending)
        }
    }

    /// Runs a transaction that anybody may run.
    func unfenced(_ statement: Statement) async throws -> StatementResult {
        let transaction = ShortTransaction(statements: [statement])
        let deadline = self.options.requestDeadline
        return try await self.pool.withConnection { connection in
            try await transaction.run(on: connection, deadline: deadline)[0]
        }
    }
}

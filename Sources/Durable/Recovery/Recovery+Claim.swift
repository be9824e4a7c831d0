// SPDX-License-Identifier: Apache-2.0

import Libpq
import Synchronization

extension Recovery {
    /// What a claim of the queues without limits has found.
    package struct Claim: Sendable {
        /// From now on they are this process's to run.
        package var workflows: [ClaimedWorkflow]
        /// The queues with limits that have something due, and a free slot as it looks, in the order in which to try them.
        package var waitingQueues: [String]
    }

    /// Takes due workflows of the offered names and versions, at most `limit`, of queues that have no limits and of none.
    ///
    /// The claim commits without waiting for the disk; the first effect of each run waits for a synchronous commit that began
    /// after it.
    ///
    /// - Parameters:
    ///   - limit: At most so many; a suspect counts.
    ///   - offers: What this process can run.
    ///   - allowSuspect: Whether one workflow may be among them whose processes may have died of it.
    /// - Throws: `DurableError` with code `superseded` if this process was declared dead, else `PostgresError`. After a lost
    ///   reply `releaseOrphans` gives back whatever was claimed.
    package func claim(
        as lease: Lease,
        limit: Int,
        offers: [WorkflowOffer],
        allowSuspect: Bool
    ) async throws -> Claim {
        guard !offers.isEmpty else { return Claim(workflows: [], waitingQueues: []) }
        // Shuffled: whoever comes first is served first, and none must starve.
        let (names, versions) = offers.versions.shuffled().columns
        let waiting = Statement(
            self.claims.waitingQueues,
            [Parameter(lease.identity.number), names.parameter, versions.parameter]
        )
        let claim = self.parameters(lease, limit, names, versions, allowSuspect)
        let results = try await self.claim(lease, claim.runs, [Statement(self.claims.unlimited, claim.all), waiting])
        return Claim(
            workflows: try results[0].rows.map { try ClaimedWorkflow($0) },
            // Shuffled, so that of several processes each begins elsewhere.
            waitingQueues: try results[1].rows.map { try $0.decode(0, as: String.self) }.shuffled()
        )
    }

    /// Takes due workflows of one queue that has limits, and not beyond these: one process at a time.
    ///
    /// The slots that are taken are the rows of `live` that somebody owns, and only a claim makes more of them. It counts them behind a lock
    /// that every claim of the queue takes, in a statement of its own, so that it sees all that others have taken.
    ///
    /// - Throws: As `claim`.
    package func claim(
        as lease: Lease,
        limit: Int,
        offers: [WorkflowOffer],
        allowSuspect: Bool,
        queue: String
    ) async throws -> [ClaimedWorkflow] {
        guard limit > 0, !offers.isEmpty else { return [] }
        let (names, versions) = offers.versions.shuffled().columns
        let claim = self.parameters(lease, limit, names, versions, allowSuspect)
        let statements = [
            Statement(self.claims.lockQueue, [Parameter(queue)]),
            Statement(self.claims.limited, claim.all + [Parameter(queue)]),
        ]
        do {
            return try await self.claim(lease, claim.runs, statements)[1].rows.map { try ClaimedWorkflow($0) }
        } catch let error as PostgresError where error.isLocked {
            // Others are at it; what they leave, the next turn finds.
            return []
        }
    }

    private func claim(_ lease: Lease, _ runs: [Int64], _ statements: [Statement]) async throws -> [StatementResult] {
        do {
            return try await self.fenced(lease, asynchronous: true, statements)
        } catch let error as PostgresError where error.sqlState != nil {
            throw error  // the server said no: nothing was claimed
        } catch {
            self.orphans.withLock { $0[lease.identity.number, default: OrphanLedger()].lost(runs) }
            throw error
        }
    }

    private func parameters(
        _ lease: Lease,
        _ limit: Int,
        _ names: ArrayColumn,
        _ versions: ArrayColumn,
        _ allowSuspect: Bool
    ) -> (all: [Parameter], runs: [Int64]) {
        let runs = (0..<max(0, limit)).map { _ in Int64.random(in: .min ... .max) }
        var tokens = ArrayColumn(.int8)
        for run in runs { tokens.append(run) }
        return (
            [
                Parameter(lease.identity.number), Parameter(lease.identity.epoch), names.parameter, versions.parameter,
                Parameter(Int64(max(0, limit))), Parameter(Int64(allowSuspect ? min(1, max(0, limit)) : 0)),
                tokens.parameter,
            ], runs
        )
    }
}

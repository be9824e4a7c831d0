// SPDX-License-Identifier: Apache-2.0

import Libpq
import Logging
import Synchronization

extension Recovery {
    /// Takes due workflows of the offered names and versions, at most `limit`: from now on they are this process's to run.
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
    ) async throws -> [ClaimedWorkflow] {
        guard limit > 0, !offers.isEmpty else { return [] }
        let runs = (0..<limit).map { _ in Int64.random(in: .min ... .max) }
        var names = ArrayColumn(.text)
        var versions = ArrayColumn(.int4)
        // Shuffled: whoever comes first is served first, and none must starve.
        for (name, version) in offers.flatMap({ offer in offer.versions.map { (offer.name, $0) } }).shuffled() {
            names.append(name)
            versions.append(version)
        }
        var tokens = ArrayColumn(.int8)
        for run in runs { tokens.append(run) }
        let identity = lease.identity
        let statement = Statement(
            self.statements.claim,
            [
                Parameter(identity.number), Parameter(identity.epoch), names.parameter, versions.parameter,
                Parameter(Int64(limit)), Parameter(Int64(allowSuspect ? 1 : 0)), tokens.parameter,
            ]
        )
        do {
            let result = try await self.fenced(lease, asynchronous: true, [statement])[0]
            return try result.rows.map { row in
                let (id, name, version, run, recoveries, isCancelling, mailbox) = try row.decode(
                    (String, String, Int32, Int64, Int16, Bool, Int64).self
                )
                return ClaimedWorkflow(
                    id: id,
                    name: name,
                    version: version,
                    run: run,
                    recoveries: recoveries,
                    isCancelling: isCancelling,
                    mailbox: mailbox
                )
            }
        } catch let error as PostgresError where error.sqlState != nil {
            throw error  // the server said no: nothing was claimed
        } catch {
            self.orphans.withLock { $0[identity.number, default: OrphanLedger()].lost(runs) }
            throw error
        }
    }

    /// Names and versions of due workflows that are not among `offers`: they are left for other processes.
    package func unoffered(_ offers: [WorkflowOffer]) async throws -> [UnofferedWorkflow] {
        let offered = Set(
            offers.flatMap { offer in offer.versions.map { UnofferedWorkflow(name: offer.name, version: $0) } }
        )
        let due = try await self.unfenced(Statement(self.statements.duePairs))
        return try due.rows.map { row in
            let (name, version) = try row.decode((String, Int32).self)
            return UnofferedWorkflow(name: name, version: version)
        }.filter { !offered.contains($0) }
    }
}

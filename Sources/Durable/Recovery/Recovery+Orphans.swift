// SPDX-License-Identifier: Apache-2.0

import Libpq
import Logging
import Synchronization

extension Recovery {
    /// Gives back the workflows that this executor owns and does not run, and returns their ids.
    ///
    /// Called regularly, and after every reconnect: the reply to a claim may have been lost, and nobody else may touch what has a
    /// valid owner.
    ///
    /// - Parameter isRunning: Whether the process runs this workflow under this run token. Asked after the list was read.
    package func releaseOrphans(
        of lease: Lease,
        isRunning: @Sendable (_ id: String, _ run: Int64) -> Bool
    ) async throws -> [String] {
        let identity = lease.identity
        // A statement alone: it only looks, and what is released is compared again.
        let look = Pipeline([Statement(self.statements.owned, [Parameter(identity.number)])])
        let deadline = self.options.requestDeadline
        let list = try await self.pool.withConnection { try await $0.run(look, deadline: deadline) }[0]
        var strangers: [OrphanLedger.Owned] = []
        for row in list.rows {
            let (id, run) = try row.decode((String, Int64?).self)
            guard let run, !isRunning(id, run) else { continue }
            strangers.append(OrphanLedger.Owned(id: id, run: run))
        }
        let grace = self.options.orphanGrace
        let orphans = self.orphans.withLock { ledgers in
            let orphans = ledgers[identity.number, default: OrphanLedger()].judge(strangers, at: .now, grace: grace)
            // Only the present identity's is still of use.
            ledgers = ledgers.filter { $0.key == identity.number }
            return orphans
        }
        // Asked again: it may have begun to run meanwhile.
        let release = orphans.filter { !isRunning($0.id, $0.run) }
        guard !release.isEmpty else { return [] }
        var ids = ArrayColumn(.text)
        var runs = ArrayColumn(.int8)
        for orphan in release {
            ids.append(orphan.id)
            runs.append(orphan.run)
        }
        _ = try await self.fenced(
            lease,
            [Statement(self.statements.release, [Parameter(identity.number), ids.parameter, runs.parameter])]
        )
        self.logger.notice(
            "recovery.released_orphans",
            metadata: ["executor": "\(identity.number)", "workflows": "\(release.map(\.id))"]
        )
        return release.map(\.id)
    }
}

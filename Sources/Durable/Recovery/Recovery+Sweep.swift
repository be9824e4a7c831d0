// SPDX-License-Identifier: Apache-2.0

import Libpq
import Logging

extension Recovery {
    /// Looks for workflows whose owner has no valid lease, declares those owners dead, and frees the workflows.
    ///
    /// Called at boot and periodically. Processes that sweep at once share the work and never do it twice: the fence is
    /// exclusive, and rows that another one is just freeing are left to it.
    ///
    /// - Parameter freed: Called whenever some were freed, before the others are.
    package func sweep(as lease: Lease, freed: @Sendable () -> Void = {}) async throws -> SweepReport {
        let list = try await self.unfenced(
            Statement(self.statements.deadExecutors, [Parameter(lease.identity.number)])
        )
        // Each process begins elsewhere, so that several share the dead between them.
        let dead = try list.rows.map { try $0.decode(0, as: Int32.self) }.shuffled()
        var report = SweepReport()
        var takeover = Takeover(statements: self.statements)
        takeover.lockTimeout = self.options.lockTimeout
        takeover.recoveryLimit = Int32(self.options.recoveries)
        for executor in dead {
            do {
                let workflows = try await self.takeOver(executor, with: takeover, freed: freed)
                guard let workflows else {
                    report.left.append(executor)
                    continue
                }
                report.takenOver.append(executor)
                report.freed += workflows.count
                report.paused += workflows.filter(\.isPaused).map(\.id)
                self.log(executor, workflows)
            } catch let error as PostgresError where !(error.isConnectionLost || error.code == .poolTimeout) {
                // One that resists must not keep the others' work from going on.
                report.left.append(executor)
                self.logger.warning(
                    "recovery.takeover_failed",
                    metadata: [
                        "other": "\(executor)", "error": "\(error)", "hint": "the next sweep tries again",
                    ]
                )
            }
        }
        return report
    }

    /// Nil if the executor is alive after all, or could not be fenced in time.
    private func takeOver(
        _ executor: Int32,
        with takeover: Takeover,
        freed: @Sendable () -> Void
    ) async throws -> [Takeover.Freed]? {
        try await self.pool.withConnection { connection -> [Takeover.Freed]? in
            guard try await takeover.fence(executor, on: connection) else { return nil }
            return try await takeover.free(executor, on: connection, freed: freed)
        }
    }

    /// In how long the next lease of another process ends, unless it is renewed; nil if there is none.
    package func nextLeaseEnd(as lease: Lease) async throws -> Duration? {
        let list = try await self.unfenced(
            Statement(self.statements.nextLeaseEnd, [Parameter(lease.identity.number)])
        )
        return try list.rows.first?.decode(0, as: Double?.self).map { .seconds($0) }
    }

    private func log(_ executor: Int32, _ freed: [Takeover.Freed]) {
        self.logger.notice(
            "recovery.took_over",
            metadata: ["other": "\(executor)", "workflows": "\(freed.count)"]
        )
        for workflow in freed where workflow.isPaused {
            self.logger.error(
                "recovery.paused_crash_loop",
                metadata: [
                    "workflow": "\(workflow.id)", "recoveries": "\(workflow.recoveries)",
                    "hint": "its process died again and again while it ran and recorded nothing new",
                ]
            )
        }
    }
}

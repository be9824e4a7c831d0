// SPDX-License-Identifier: Apache-2.0

import Libpq
import Logging

/// The poll: one statement that says whether there is anything to do, and whether something has come in for what runs here.
///
/// An engine with nothing to do says nothing else by the clock. The statement only looks, so that it needs neither a transaction nor the
/// fence; whoever is woken by what it found asks again, in a transaction of its own.
struct Watch: Sendable {
    let pool: PostgresPool
    let statements: PollStatements
    let core: EngineCore
    let offers: Set<WorkflowVersion>
    let router: Router
    let lineage: LineageRouter
    /// Rings when people have asked for something.
    let requests: Bell

    /// Looks once per poll interval whether there is anything to do, and rings for it; the first look comes at once.
    func watchForEver() async {
        var announced: Set<WorkflowVersion> = []
        while !Task.isCancelled {
            if let lease = self.core.executor.lease, lease.mayStartEffect() {
                await self.core.attempt("engine.poll_failed") {
                    let findings = try await self.look()
                    self.core.desk.learn(paused: findings.pausedNames)
                    for errand in findings.errands(offering: self.offers) { self.ring(for: errand) }
                    self.announce(findings.unoffered(by: self.offers), &announced)
                }
            }
            await Backoff.sleep(self.core.options.poll)
        }
    }

    /// Looks once, and tells the runs in memory what has come in for them.
    private func look() async throws -> PollFindings {
        let pipeline = Pipeline([Statement(self.statements.look)] + [self.router.lookAtMailboxes()].compactMap(\.self))
        let results = try await self.pool.withConnection { try await $0.run(pipeline, deadline: .seconds(10)) }
        if results.count > 1 { try self.router.stir(results[1].rows) }
        return try PollFindings(results[0].rows)
    }

    private func ring(for errand: PollFindings.Errand) {
        switch errand {
        case .route: self.router.bell.ring()
        case .lineage: self.lineage.bell.ring()
        case .requests: self.requests.ring()
        case .claim: self.core.claims.ring()
        }
    }

    /// Says once of each name and version that it is left for others.
    private func announce(_ unoffered: Set<WorkflowVersion>, _ announced: inout Set<WorkflowVersion>) {
        for workflow in unoffered where announced.insert(workflow).inserted {
            self.core.logger.notice(
                "recovery.not_offered",
                metadata: [
                    "workflow.name": "\(workflow.name)",
                    "workflow.version": "\(workflow.version)",
                    "hint": "workflows of this name and version are due, and left for a process that offers them",
                ]
            )
        }
    }
}

// SPDX-License-Identifier: Apache-2.0

import Libpq
import Logging

/// What is done whenever there may be something to do: on a hint, or when the poll has found something; the first one comes at once.
extension EngineParts {
    /// Looks once per poll interval whether there is anything to do, and rings for it.
    func watchForEver() async {
        let offers = self.registry.offers.versions
        var announced: Set<WorkflowVersion> = []
        while !Task.isCancelled {
            if let lease = self.core.executor.lease, lease.mayStartEffect() {
                await self.attempt("engine.poll_failed") {
                    let findings = try await self.watch.look()
                    self.core.desk.learn(paused: findings.pausedNames)
                    for errand in findings.errands(offering: offers) { self.ring(for: errand) }
                    self.announce(findings.unoffered(by: offers), &announced)
                }
            }
            await Backoff.sleep(self.core.options.poll)
        }
    }

    private func ring(for errand: PollFindings.Errand) {
        switch errand {
        case .route: self.router.bell.ring()
        case .lineage: self.lineage.bell.ring()
        case .requests: self.requests.ring()
        case .claim: self.claims.ring()
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

    // MARK: - Claims

    /// Takes up what is due, whenever there may be something.
    func claimForEver() async {
        var number = 0
        var isSharing = false
        var isMoreLikely = false
        while !Task.isCancelled {
            if !isMoreLikely { await self.claims.wait(atMost: self.core.options.claimInterval) }
            if Task.isCancelled { return }
            isMoreLikely = false
            if let lease = self.core.executor.lease, lease.mayStartEffect() {
                number &+= 1
                let turn = ClaimTurn(
                    room: self.core.runs.room,
                    batch: RunLoader.batch,
                    isSharing: isSharing,
                    number: number
                )
                await self.attempt("recovery.claim_failed") {
                    (isMoreLikely, isSharing) = try await self.claim(as: lease, turn)
                }
            }
        }
    }

    private func claim(as lease: Lease, _ turn: ClaimTurn) async throws -> (isMoreLikely: Bool, isSharing: Bool) {
        var turn = turn
        var isSharing = false
        var action = turn.first()
        while true {
            let allowSuspect = !self.core.runs.hasSuspect
            switch action {
            case .unlimited(let limit):
                let claim = try await self.recovery.claim(
                    as: lease,
                    limit: limit,
                    offers: self.registry.offers,
                    allowSuspect: allowSuspect
                )
                isSharing = !claim.waitingQueues.isEmpty
                try await self.launch(claim.workflows, lease)
                action = turn.took(claim.workflows.count, waiting: claim.waitingQueues)
            case .limited(let queue, let limit):
                let claimed = try await self.recovery.claim(
                    as: lease,
                    limit: limit,
                    offers: self.registry.offers,
                    allowSuspect: allowSuspect,
                    queue: queue
                )
                try await self.launch(claimed, lease)
                action = turn.took(claimed.count, atMost: limit)
            case .done(let isMoreLikely):
                return (isMoreLikely, isSharing)
            }
        }
    }

    /// Runs what was claimed.
    private func launch(_ claimed: [ClaimedWorkflow], _ lease: Lease) async throws {
        guard !claimed.isEmpty else { return }
        // A failure here leaves them owned and not running: the next look for orphans gives them back.
        let plans = try await self.core.loader.plans(of: claimed)
        for workflow in claimed {
            guard let plan = plans[workflow.id], let registered = self.registry[workflow.name] else { continue }
            let lane = RunLane(workflow: workflow.id, token: workflow.run, executor: lease.identity)
            self.core.launch(plan, registered, lane: lane, lease: lease)
        }
    }

    // MARK: - Errands

    /// Brings what comes in to workflows, whenever there may be something.
    func routeForEver() async {
        while !Task.isCancelled {
            await self.router.bell.wait(atMost: self.core.options.spareInterval)
            if Task.isCancelled { return }
            await self.attempt("router.failed") { try await self.router.turn() }
        }
    }

    /// Carries requests to cancel and the ends of children, whenever there may be some.
    func routeLineageForEver() async {
        while !Task.isCancelled {
            await self.lineage.bell.wait(atMost: self.core.options.spareInterval)
            if Task.isCancelled { return }
            await self.attempt("lineage.failed") { try await self.lineage.turn() }
        }
    }

    /// Does what people ask, for as long as it runs.
    func obeyOperatorsForEver() async {
        while !Task.isCancelled {
            await self.requests.wait(atMost: self.core.options.spareInterval)
            await self.obeyOperators()
        }
    }

    func obeyOperators() async {
        guard let lease = self.core.executor.lease else { return }
        await self.attempt("operator.look_failed") {
            try await self.core.desk.turn(as: lease.identity.number, runs: self.core.runs, coder: self.core.coder)
        }
    }
}

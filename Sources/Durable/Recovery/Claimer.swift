// SPDX-License-Identifier: Apache-2.0

import Logging

/// Takes up what is due, whenever there may be something, for as long as the engine runs.
struct Claimer: Sendable {
    let core: EngineCore
    let registry: WorkflowRegistry
    let recovery: Recovery

    func claimForEver() async {
        var number = 0
        var batch = ClaimBatch()
        var isSharing = false
        var isMoreLikely = false
        while !Task.isCancelled {
            if !isMoreLikely { await self.core.claims.wait(atMost: self.core.options.claimInterval) }
            if Task.isCancelled { return }
            isMoreLikely = false
            if let lease = self.core.executor.lease, lease.mayStartEffect() {
                number &+= 1
                let turn = ClaimTurn(
                    room: self.core.runs.room,
                    batch: batch.size,
                    isSharing: isSharing,
                    number: number
                )
                await self.core.attempt("recovery.claim_failed") {
                    (isMoreLikely, isSharing) = try await self.claim(as: lease, turn)
                }
                batch.turnEnded(isMoreLikely: isMoreLikely)
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
                let claim = try await self.keepingRoom(for: limit) { room in
                    let claim = try await self.recovery.claim(
                        as: lease,
                        limit: room,
                        offers: self.registry.offers,
                        allowSuspect: allowSuspect
                    )
                    try await self.launch(claim.workflows, lease)
                    return claim
                }
                isSharing = !claim.waitingQueues.isEmpty
                action = turn.took(claim.workflows.count, waiting: claim.waitingQueues)
            case .limited(let queue, let limit):
                let count = try await self.keepingRoom(for: limit) { room in
                    let claimed = try await self.recovery.claim(
                        as: lease,
                        limit: room,
                        offers: self.registry.offers,
                        allowSuspect: allowSuspect,
                        queue: queue
                    )
                    try await self.launch(claimed, lease)
                    return claimed.count
                }
                action = turn.took(count, atMost: limit)
            case .done(let isMoreLikely):
                return (isMoreLikely, isSharing)
            }
        }
    }

    /// Keeps room in memory for a claim until what it brings runs: others start workflows meanwhile.
    private func keepingRoom<R>(for limit: Int, _ claim: (_ room: Int) async throws -> R) async throws -> R {
        let room = self.core.runs.reserve(forClaimOf: limit)
        defer { self.core.runs.unreserve(claim: room) }
        return try await claim(room)
    }

    /// Runs what was claimed.
    private func launch(_ claimed: [ClaimedWorkflow], _ lease: Lease) async throws {
        var rest = claimed[...]
        while !rest.isEmpty {
            let part = rest.prefix(RunLoader.batch)
            rest = rest.dropFirst(part.count)
            // A failure here leaves them owned and not running: the next look for orphans gives them back.
            let plans = try await self.core.loader.plans(of: part)
            for workflow in part {
                guard let plan = plans[workflow.id], let registered = self.registry[workflow.name] else { continue }
                let lane = RunLane(workflow: workflow.id, token: workflow.run, executor: lease.identity)
                self.core.launch(plan, registered, lane: lane, lease: lease)
            }
        }
    }
}

// SPDX-License-Identifier: Apache-2.0

import Logging

extension EngineCore {
    /// Starts a run in memory.
    func launch(_ plan: RunPlan, _ workflow: RegisteredWorkflow, lane: RunLane, lease: Lease) {
        let run = Run(plan: plan, lane: lane, lease: lease, failures: workflow.failures, engine: self)
        if plan.isResumed { run.metrics?.wasResumed() }
        self.runs.insert(run)
        if let request = plan.cancellation {
            if plan.cleanUp == nil {
                run.cancel(request)
            } else if !request.isInsistent {
                // It was asked once more, while it was paused in its clean-up. One that insists counts until that is over.
                _ = self.writer.submit(.lineage(.cancellationTaken(upTo: request.id)), for: lane)
            }
        }
        self.handOverIfLeaving(run)
        run.attach(run.span.within { Task { await self.execute(run, workflow) } })
    }

    /// Runs the workflow's code from the top, undoes what is to be undone, and records what came of it.
    @concurrent
    func execute(_ run: Run, _ workflow: RegisteredWorkflow) async {
        let clock = self.watchDeadline(of: run)
        defer { clock?.cancel() }
        let context = WorkflowContext(
            run: run,
            scope: "",
            branch: Branch(parent: nil),
            lastTicket: run.plan.isResumed ? 0 : run.lane.lastTicket,
            clock: run.plan.createdAt,
            frontier: run.plan.cleanUp?.frontier ?? .open
        )
        var result: Result<[UInt8]?, any Error>
        do {
            result = .success(try await self.program(run, workflow, context))
        } catch {
            result = .failure(error)
        }
        let undos = run.undos(after: result)
        if !undos.isEmpty {
            do {
                try await run.unwind(undos, context)
            } catch {
                result = .failure(error)
            }
        }
        await self.finish(run, result)
        self.runs.remove(run)
    }

    @concurrent
    private func program(
        _ run: Run,
        _ workflow: RegisteredWorkflow,
        _ context: WorkflowContext
    ) async throws -> [UInt8]? {
        do {
            // Unsafe to the compiler only: the program has it alone until it has returned.
            nonisolated(unsafe) let lent = context
            let output =
                if self.surroundings == nil {
                    try await workflow.execute(lent)
                } else {
                    try await run.surrounded { try await workflow.execute(lent) }
                }
            try context.checkAlive()
            if let closed = context.close() { throw closed }
            try context.finishScope()
            try run.checkAllScopesVisited()
            return output
        } catch let divergence as Divergence {
            throw run.diverged(divergence)
        } catch  where context.isClosed {
            throw context.interruptionError
        }
    }

    /// Ends the workflow when its time is over.
    private func watchDeadline(of run: Run) -> Task<Void, Never>? {
        guard run.plan.cleanUp == nil, let deadline = run.plan.deadline else { return nil }
        return Task {
            while !Task.isCancelled {
                let remaining = deadline - self.now()
                if remaining <= 0 { break }
                // Cancelled: the loop ends by itself.
                await self.executor.clock.sleep(until: deadline)
            }
            if Task.isCancelled { return }
            if run.interrupt(Run.Interruption(cause: .cancelled, cleanUp: CleanUp(.timedOut))) {
                run.logger.notice("workflow.timed_out")
            }
        }
    }
}

// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// What a run does when its workflow comes to nothing.
extension Run {
    /// The word for a workflow that this run gives back: one that was cancelled stays that.
    func state(_ state: WorkflowState) -> WorkflowState {
        self.plan.cleanUp?.frontier == .cancelled ? .cancelling : state
    }

    func register(_ undo: UndoRegistry.Entry) {
        self.state.withLock { state in
            state.hadUndos = true
            state.undos.register(undo)
        }
    }

    /// Whether steps below a group of branches are to be undone if it comes to that.
    func hasUndos(below group: String) -> Bool { self.state.withLock { $0.undos.contains(below: group) } }

    /// Whether it is known that no step of the workflow has an undo: every branch has come to where it goes on.
    var hasNothingToUndo: Bool { self.state.withLock { $0.ledger.isOpen && !$0.hadUndos } }

    /// After the code of the workflow has ended: what is to be undone, if it failed or was cancelled.
    @inline(never)
    func undos(after result: Result<[UInt8]?, any Error>) -> [UndoRegistry.Entry] {
        guard !self.isInterrupted else { return [] }
        let isEnded = self.goOnAfterLosingItsWay() || self.plan.cleanUp?.frontier == .cancelled
        if !isEnded {
            guard case .failure(let error) = result, !(error is WorkflowInterruption) else { return [] }
        }
        return self.state.withLock { state in
            // Cancelled just now: that is what ends it.
            guard state.interruption == nil else { return [] }
            let undos = state.undos.take()
            if !undos.isEmpty { state.isUnwinding = true }
            return undos
        }
    }

    /// Undoes what the code of the workflow had done.
    ///
    /// - Throws: `WorkflowInterruption` when the run is over before everything is undone.
    func unwind(_ undos: [UndoRegistry.Entry], _ context: WorkflowContext) async throws {
        if self.plan.cleanUp == nil {
            try await context.reachFrontier()
            try await context.submit(CleanUp(.failed).record(at: context.timestamp(), coder: self.engine.coder))
        }
        try await self.perform(undos, after: context)
    }

    /// Undoes steps one after the other, each once everything that the run has recorded is durable.
    func perform(_ undos: [UndoRegistry.Entry], after context: WorkflowContext) async throws {
        for undo in undos {
            let scope = WorkflowContext(
                run: self,
                scope: CleanUp.scope(of: undo.place),
                branch: context.branch,
                lastTicket: self.lane.lastTicket,
                clock: context.clock
            )
            scope.isAtFrontier = context.isAtFrontier
            defer {
                context.isAtFrontier = scope.isAtFrontier
                context.lastTicket = max(context.lastTicket, scope.lastTicket)
                context.clock = max(context.clock, scope.clock)
            }
            do {
                try await undo.perform(scope)
            } catch {
                // What was recorded of the undo is another one's; the other steps are undone all the same.
                guard self.goOnAfterLosingItsWay() else { throw error }
                self.state.withLock { $0.leftUndone.giveUp(undo.place) }
            }
        }
    }
}

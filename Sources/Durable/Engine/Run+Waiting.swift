// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// What the branches of a run wait for: each other at the end of replay, and the time.
extension Run {
    // MARK: - Replay

    /// Waits, at the first unrecorded call of a branch, until every other branch stands at its own.
    func arriveAtFrontier() async throws {
        self.perform(self.state.withLock { $0.ledger.reachedFrontier() })
        guard !self.state.withLock({ $0.ledger.isOpen }) else { return }
        try await withUnsafeThrowingContinuation { (waiter: UnsafeContinuation<Void, any Error>) in
            let outcome = self.state.withLock { state -> Result<Void, any Error>? in
                if let interruption = state.interruption {
                    return .failure(WorkflowInterruption(interruption.cause))
                }
                if state.ledger.isOpen { return .success(()) }
                state.nextWaiter += 1
                state.gate[state.nextWaiter] = waiter
                return nil
            }
            if let outcome { waiter.resume(with: outcome) }
        }
    }

    func visit(_ scope: String) {
        guard !self.plan.history.isEmpty else { return }
        self.state.withLock { _ = $0.visited.insert(scope) }
    }

    /// The scopes below this prefix belong to a group that is decided, and are not entered again.
    func skip(prefix: String) {
        guard !self.plan.history.isEmpty else { return }
        self.state.withLock { $0.skipped.append(prefix) }
    }

    /// Checks at the end of `run` that no scope of the history was left out.
    func checkAllScopesVisited() throws {
        guard !self.plan.history.isEmpty else { return }
        let (visited, skipped) = self.state.withLock { ($0.visited, $0.skipped) }
        for scope in self.plan.history.scopePaths where !visited.contains(scope) {
            if skipped.contains(where: { scope.hasPrefix($0) }) { continue }
            if let record = self.plan.history.leftover(in: scope, from: 0) { throw Divergence.leftover(record) }
        }
    }

    // MARK: - Branches

    func branchBegan() { self.state.withLock { $0.ledger.branchBegan() } }

    func branchEnded(atFrontier: Bool) {
        self.perform(
            self.state.withLock { state in
                let action = state.ledger.branchEnded(atFrontier: atFrontier)
                return state.hasDecidedWaiters ? action.withoutParking : action
            }
        )
    }

    func parentResumed(atFrontier: Bool) {
        self.state.withLock { $0.ledger.parentResumed(atFrontier: atFrontier) }
    }

    /// Waits in memory until a time of the database's clock; or ends the run, when all branches wait and none for a short time.
    func wait(until due: Int64, for what: String, in branch: Branch) async throws {
        let (wait, action) = self.state.withLock { state in
            let (wait, action) = state.ledger.beganWaiting(until: due)
            state.waiting[wait] = branch
            return (wait, state.hasDecidedWaiters ? action.withoutParking : action)
        }
        defer {
            self.state.withLock { state in
                state.ledger.endedWaiting(wait)
                state.waiting[wait] = nil
            }
        }
        self.perform(action, waitingFor: what)
        while true {
            try self.checkAlive()
            let remaining = due - self.engine.now()
            if remaining <= 0 { return }
            if Task.isCancelled { throw WorkflowInterruption(.decided) }
            await self.sleep(wait, microseconds: min(remaining, 60_000_000))
        }
    }

    /// Sleeps until the time is over, the run is interrupted, or the task is cancelled.
    private func sleep(_ wait: UInt64, microseconds: Int64) async {
        let clock = Task {
            // Cancelled by the end of the wait itself.
            try? await Task.sleep(for: .microseconds(microseconds))
            self.wake(wait)
        }
        defer { clock.cancel() }
        await withTaskCancellationHandler {
            await withUnsafeContinuation { (sleeper: UnsafeContinuation<Void, Never>) in
                let isAwake = self.state.withLock { state in
                    if state.interruption != nil || Task.isCancelled { return true }
                    state.sleepers[wait] = sleeper
                    return false
                }
                if isAwake { sleeper.resume() }
            }
        } onCancel: {
            self.wake(wait)
        }
    }

    private func wake(_ wait: UInt64) {
        self.state.withLock { $0.sleepers.removeValue(forKey: wait) }?.resume()
    }

    private func perform(_ action: BranchLedger.Action, waitingFor what: String? = nil) {
        switch action {
        case .none: break
        case .openGate:
            let waiters = self.state.withLock { state in
                defer { state.gate = [:] }
                return Array(state.gate.values)
            }
            for waiter in waiters { waiter.resume() }
        case .allWaiting(let until):
            guard let until else { return }
            let decision = WaitDecision(hold: self.engine.options.hold).action(until: until, now: self.engine.now())
            guard case .park = decision else { return }
            let wakeUp = min(until, self.plan.deadline ?? until)
            self.interrupt(
                Interruption(
                    cause: .parked,
                    release: ReleaseRow(state: .waiting, runAt: wakeUp, waitingFor: what, reason: nil, error: nil)
                )
            )
        }
    }
}

extension Run.State {
    /// Whether some branch waits whose group was decided without it: it is about to end, and its parent goes on.
    fileprivate var hasDecidedWaiters: Bool { self.waiting.values.contains { $0.isDecided } }
}

extension BranchLedger.Action {
    /// The same, unless it would park the run.
    fileprivate var withoutParking: Self {
        if case .allWaiting = self { return .none }
        return self
    }
}

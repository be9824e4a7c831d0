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
        self.perform(self.state.withLock { $0.ledger.branchEnded(atFrontier: atFrontier) })
    }

    func parentResumed(atFrontier: Bool) {
        self.state.withLock { $0.ledger.parentResumed(atFrontier: atFrontier) }
    }

    /// Waits in memory until a time of the database's clock, or until something comes in; or ends the run, when all branches
    /// wait and none for a short time.
    ///
    /// Every wait of a workflow comes through here. Whoever waits for something to come in looks first, with the mailbox
    /// count in the same statement or before, and looks again whenever this returns `.stirred`: so nothing is missed between
    /// a look and the wait, or between the wait and its parking.
    ///
    /// - Parameters:
    ///   - due: When the wait ends by itself; nil: never.
    ///   - awaited: What it waits for.
    ///   - seen: The mailbox count of the look; nil for a wait that only time ends.
    ///   - nudges: How often branches had given something back when it looked; nil: as often as by now.
    @discardableResult
    func wait(
        until due: Int64?,
        for awaited: Awaited,
        seen: Int64? = nil,
        nudges: Int? = nil,
        in branch: Branch
    ) async throws -> WakeUp {
        guard let surroundings = self.engine.surroundings else {
            return try await self.stand(until: due, for: awaited, seen: seen, nudges: nudges, in: branch)
        }
        let call = WaitCall(workflowID: self.id, workflowName: self.plan.name, awaited: awaited.words)
        return try await surroundings.wait(call) {
            try await self.stand(until: due, for: awaited, seen: seen, nudges: nudges, in: branch)
        }
    }

    private func stand(
        until due: Int64?,
        for awaited: Awaited,
        seen: Int64?,
        nudges: Int?,
        in branch: Branch
    ) async throws -> WakeUp {
        let (wait, action) = self.state.withLock { state in
            let (wait, action) = state.ledger.beganWaiting(until: due)
            state.waiting[wait] = Waiting(
                branch: branch,
                awaited: awaited,
                seen: seen,
                nudges: nudges ?? state.nudges
            )
            return (wait, action)
        }
        defer {
            self.state.withLock { state in
                state.ledger.endedWaiting(wait)
                state.waiting[wait] = nil
            }
        }
        self.perform(action)
        while true {
            try self.checkAlive()
            if self.state.withLock({ $0.isStirred(wait) }) { return .stirred }
            let remaining = due.map { $0 - self.engine.now() }
            if let remaining, remaining <= 0 { return .due }
            if Task.isCancelled { throw WorkflowInterruption(.decided) }
            await self.sleep(wait, until: due)
        }
    }

    /// How much has come in for the workflow, as far as this run has heard.
    var mailbox: Int64 { self.state.withLock { $0.mailbox } }

    /// Something has come in for the workflow: whoever waits for that looks again.
    ///
    /// - Parameter count: The mailbox count, as the router left it.
    func stir(_ count: Int64) {
        let sleepers = self.state.withLock { state -> [UnsafeContinuation<Void, Never>] in
            guard count > state.mailbox else { return [] }
            state.mailbox = count
            return state.takeStirred()
        }
        for sleeper in sleepers { sleeper.resume() }
    }

    /// A branch has given back what another one may be waiting for: all look again.
    func nudge() {
        let sleepers = self.state.withLock { state -> [UnsafeContinuation<Void, Never>] in
            state.nudges += 1
            return state.takeStirred()
        }
        for sleeper in sleepers { sleeper.resume() }
    }

    /// Sleeps until the time is over, the run is interrupted, something has come in, or the task is cancelled.
    private func sleep(_ wait: UInt64, until due: Int64?) async {
        let clock = due.map { due in
            Task {
                // Cancelled by the end of the wait itself.
                while !Task.isCancelled, self.engine.now() < due { await self.engine.executor.clock.sleep(until: due) }
                self.wake(wait)
            }
        }
        defer { clock?.cancel() }
        await withTaskCancellationHandler {
            await withUnsafeContinuation { (sleeper: UnsafeContinuation<Void, Never>) in
                let isAwake = self.state.withLock { state in
                    if state.interruption != nil || Task.isCancelled || state.isStirred(wait) { return true }
                    // The clock may have woken it before it slept.
                    if let due, self.engine.now() >= due { return true }
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

    private func perform(_ action: BranchLedger.Action) {
        switch action {
        case .none: break
        case .openGate:
            let waiters = self.state.withLock { state in
                defer { state.gate = [:] }
                return Array(state.gate.values)
            }
            for waiter in waiters { waiter.resume() }
        case .allWaiting: self.park()
        }
    }

    /// Ends the run if all its branches wait, and none for a short time.
    ///
    /// Decided on what is so at the moment of the interruption, and not before: a branch that has gone on meanwhile has taken what
    /// woke it, and nothing would wake the workflow for it again.
    private func park() {
        let decision = WaitDecision(hold: self.engine.options.hold)
        let now = self.engine.now()
        let word = self.state(.waiting)
        let deadline = self.plan.cleanUp == nil ? self.plan.deadline : nil
        self.interrupt { state in
            guard case .allWaiting(let until) = state.ledger.standing else { return nil }
            if let until {
                guard case .park = decision.action(until: until, now: now) else { return nil }
            }
            guard var release = state.parking(until: until, deadline: deadline) else { return nil }
            release.state = word
            return Interruption(cause: .parked, release: release)
        }
    }
}

extension Run.State {
    /// Whether something has come in since a branch that waits has looked.
    fileprivate func isStirred(_ wait: UInt64) -> Bool {
        guard let waiting = self.waiting[wait], let seen = waiting.seen else { return false }
        return self.nudges > waiting.nudges || self.mailbox > seen
    }

    /// Takes those out that sleep and are to look again.
    fileprivate mutating func takeStirred() -> [UnsafeContinuation<Void, Never>] {
        self.waiting.keys.filter { self.isStirred($0) }.compactMap { self.sleepers.removeValue(forKey: $0) }
    }

    /// What `live` is to say when the run parks now, with all its branches waiting; nil when one of them is about to go on.
    fileprivate func parking(until: Int64?, deadline: Int64?) -> ReleaseRow? {
        // A branch whose group was decided without it is about to end, and its parent goes on.
        if self.waiting.values.contains(where: { $0.branch.isDecided }) { return nil }
        if self.waiting.keys.contains(where: { self.isStirred($0) }) { return nil }
        // In the order in which they began to wait; of many a few are named.
        let waits = self.waiting.sorted { $0.key < $1.key }.map { $0.value }
        var words: [String] = []
        for wait in waits where words.count < 4 && !words.contains(wait.awaited.words) {
            words.append(wait.awaited.words)
        }
        let due = [until, deadline].compactMap { $0 }.min()
        return ReleaseRow(
            state: .waiting,
            runAt: due,
            waitingFor: words.joined(separator: ", "),
            reason: nil,
            error: nil,
            awaits: Set(waits.compactMap { $0.awaited.topic }).sorted(),
            mailbox: min(self.mailbox, waits.compactMap { $0.seen }.min() ?? self.mailbox)
        )
    }
}

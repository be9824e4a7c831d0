// SPDX-License-Identifier: Apache-2.0

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif
import Libpq

/// What a context does under test.
extension WorkflowContext {
    /// Runs one attempt of a step, or what stands in for it.
    func attemptUnderTest<T: Sendable>(
        _ step: StepContext,
        timeout: Duration?,
        _ body: @escaping @Sendable (StepContext) async throws -> T
    ) async throws -> T {
        let sight = self.sight(of: step.running.call, step.attempt)
        let hooks = self.engine.options.hooks
        let attempt: @Sendable () async throws -> T = {
            try await EngineHooks.perform(hooks, sight, timeout: timeout) { try await body(step) }
        }
        guard let timeout else { return try await attempt() }
        return try await withTimeout(timeout, name: step.step, attempt)
    }

    /// Runs one attempt of a transaction, or what stands in for it.
    func standingIn<T: Sendable>(
        for call: LiveCall,
        _ attempt: Int,
        _ body: () async throws -> T
    ) async throws -> T {
        guard let hooks = self.engine.options.hooks else { return try await body() }
        return try await EngineHooks.perform(hooks, self.sight(of: call, attempt), timeout: nil, body)
    }

    private func sight(of call: LiveCall, _ attempt: Int) -> AttemptSight {
        AttemptSight(
            workflow: self.run.id,
            workflowName: self.run.plan.name,
            place: call.place,
            kind: call.kind,
            name: call.name,
            label: call.label,
            attempt: attempt
        )
    }

    /// Throws the run away after a checkpoint, where a test wants everything replayed.
    func checkpointed(_ place: Place, phase: Int16) {
        guard let hooks = self.engine.options.hooks, hooks.isAlwaysReplaying else { return }
        // An undo that has failed may pause the workflow next, and the run must live to say so.
        if phase > 0, place.scope.hasPrefix(ScopePath.undo) { return }
        self.run.replayFromTheTop()
    }

    /// Ends a run that only replays, where its history does.
    func endReplay(_ kind: JournalKind, _ name: String, at place: Place) throws {
        guard let replayed = self.engine.options.hooks?.replayed else { return }
        replayed(.stopped(kind, name, place))
        self.run.interrupt(Run.Interruption(cause: .parked))
        throw self.run.interruptionError
    }
}

extension EngineCore {
    /// Runs the code against a history, and records nothing.
    func replay(_ plan: RunPlan, _ workflow: RegisteredWorkflow) async {
        let identity = ExecutorIdentity(
            id: UUID(uuid: (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)),
            number: 0,
            epoch: 0,
            server: 0,
            name: "replay"
        )
        let lane = RunLane(workflow: plan.id, token: 0, executor: identity)
        let lease = Lease(identity: identity, until: .now + .seconds(3600))
        let run = Run(plan: plan, lane: lane, lease: lease, failures: workflow.failures, engine: self)
        self.runs.insert(run)
        let task = Task { await self.execute(run, workflow) }
        run.attach(task)
        await task.value
    }
}

extension Run {
    /// How long attempts that run beside a checkpoint may take before they are thrown away with the run.
    private static let grace = Duration.milliseconds(50)

    /// Ends the run like a shutdown: what has begun may end, nothing else begins, and whoever claims it replays.
    func replayFromTheTop() {
        let row = ReleaseRow(
            state: self.state(.queued),
            runAt: self.engine.now(),
            waitingFor: nil,
            reason: nil,
            error: nil
        )
        guard self.interrupt(Interruption(cause: .shutdown, release: row), cancelling: false) else { return }
        Task { [weak self] in
            // Not cancelled: nobody holds this task.
            try? await Task.sleep(for: Self.grace)
            self?.cancelTask()
        }
    }
}

extension EngineHooks {
    /// Runs an attempt, or what stands in for it.
    static func perform<T: Sendable>(
        _ hooks: EngineHooks?,
        _ sight: AttemptSight,
        timeout: Duration?,
        _ body: () async throws -> T
    ) async throws -> T {
        if hooks?.probe?.isCut == true { throw WorkflowInterruption(.superseded) }
        switch hooks?.standIn?(sight) ?? .body {
        case .body: return try await body()
        case .value(let value):
            if let value = value as? T { return value }
            throw NonRetryable(
                DurableError(
                    .invalidArgument,
                    "the stand-in for \(sight.kind.word) \"\(sight.label)\" returns \(type(of: value)), and it must return \(T.self)",
                    workflow: sight.workflow,
                    step: sight.label
                )
            )
        case .failure(let error): throw error
        case .timeout: throw StepTimeout(step: sight.label, timeout: timeout ?? .zero)
        case .hang(let ended):
            defer { ended() }
            while true { try await Task.sleep(for: .seconds(3600)) }
        }
    }
}

extension ForeignTransactionStep {
    /// Runs the body, or what stands in for it.
    func standingIn<T: Sendable>(_ body: () async throws -> T) async throws -> T {
        guard let hooks = self.run.engine.options.hooks else { return try await body() }
        let sight = AttemptSight(
            workflow: self.run.id,
            workflowName: self.run.plan.name,
            place: self.place,
            kind: .transaction,
            name: self.name,
            label: self.label,
            attempt: self.attempt
        )
        return try await EngineHooks.perform(hooks, sight, timeout: nil, body)
    }

    /// Its rows and its checkpoint are about to be committed.
    func willCommit() throws {
        guard let probe = self.run.engine.options.hooks?.probe else { return }
        probe.willCommit([self.point])
        if probe.isCut { throw WorkflowInterruption(.superseded) }
    }

    /// They were.
    func didCommit() throws {
        guard let hooks = self.run.engine.options.hooks else { return }
        if let probe = hooks.probe {
            probe.didCommit([self.point])
            if probe.isCut { throw WorkflowInterruption(.superseded) }
        }
        if hooks.isAlwaysReplaying { self.run.replayFromTheTop() }
    }

    private var point: DurablePoint {
        DurablePoint(
            workflow: self.run.id,
            .record(place: self.place, phase: 0, kind: .transaction, name: self.name)
        )
    }
}

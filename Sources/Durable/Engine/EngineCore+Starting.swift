// SPDX-License-Identifier: Apache-2.0

import Tracing

extension EngineCore {
    /// Starts a workflow here, or leaves it queued; returns when that is durable.
    ///
    /// - Returns: Whether it is new.
    func start(
        _ start: WorkflowStart,
        _ workflow: RegisteredWorkflow?,
        onDuplicate: DuplicatePolicy
    ) async throws -> Bool {
        guard let surroundings else { return try await self.begin(start, workflow, onDuplicate: onDuplicate) }
        let call = StartCall(workflowID: start.id, workflowName: start.name, version: Int(start.version))
        let isNew = try await surroundings.start(call) {
            try await self.begin(start, workflow, onDuplicate: onDuplicate)
        }
        surroundings.tell(.started(call, isNew: isNew))
        return isNew
    }

    private func begin(
        _ start: WorkflowStart,
        _ workflow: RegisteredWorkflow?,
        onDuplicate: DuplicatePolicy
    ) async throws -> Bool {
        var start = start
        start.trace = self.tracing?.carrier(of: ServiceContext.current)
        while true {
            guard let workflow, workflow.resumes.contains(start.version), !self.desk.hasPaused(start.name),
                let lease = self.executor.lease,
                self.runs.reserve()
            else {
                let isNew = try await self.directory.startQueued(start, onDuplicate: onDuplicate)
                if isNew { self.metrics?[start.name].wasStarted() }
                return isNew
            }
            do {
                try await self.startHere(start, workflow, lease)
                self.metrics?[start.name].wasStarted()
                return true
            } catch is StartTaken {
                if try await self.directory.reconcile(start, onDuplicate: onDuplicate) != nil { return false }
                // Gone between the two: the id is free again.
            } catch is SupersededRun {
                // This process was declared dead meanwhile. Nothing was started under its old identity, or whoever
                // declared it dead has the workflow; starting the same id again finds out.
                await Backoff.pause(1)
            }
        }
    }

    /// Writes the start, and runs the workflow from the thread that learns of the commit.
    private func startHere(_ start: WorkflowStart, _ workflow: RegisteredWorkflow, _ lease: Lease) async throws {
        let now = self.now()
        let lane = RunLane(workflow: start.id, token: .random(in: .min ... .max), executor: lease.identity)
        let deadline = start.timeout.map { DatabaseTime.adding($0, to: now) }
        let row = StartRow(
            name: start.name,
            version: start.version,
            seed: start.seed,
            input: start.input,
            deadline: deadline,
            createdAt: now,
            isGuarded: start.isGuarded,
            trace: start.trace
        )
        let starter = self.tracing.flatMap { _ in ServiceContext.current }
        guard let ticket = self.writer.submit(.start(row), for: lane) else {
            self.runs.unreserve()
            throw SupersededRun()
        }
        try await withUnsafeThrowingContinuation { (caller: UnsafeContinuation<Void, any Error>) in
            lane.whenDurable(ticket) { outcome in
                if case .success = outcome {
                    let plan = RunPlan(
                        id: start.id,
                        name: start.name,
                        version: start.version,
                        seed: start.seed,
                        input: start.input,
                        deadline: deadline,
                        createdAt: now,
                        history: History(),
                        isResumed: false,
                        isSuspect: false,
                        trace: start.trace,
                        starter: starter
                    )
                    self.launch(plan, workflow, lane: lane, lease: lease)
                }
                // Only once the run is counted: its room must not be offered in between.
                self.runs.unreserve()
                caller.resume(with: outcome)
            }
        }
    }
}

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
        let trace = self.tracing?.carrier(of: ServiceContext.current)
        let start = trace.map { WorkflowStart(start, trace: $0) } ?? start
        while true {
            guard let workflow, workflow.resumes.contains(start.version), !self.desk.hasPaused(start.name),
                let lease = self.executor.lease,
                self.runs.reserve()
            else { return try await self.startQueued(start, onDuplicate) }
            do {
                try await withUnsafeThrowingContinuation { self.startHere(start, workflow, lease, $0) }
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

    /// Leaves the workflow to any process that offers it.
    @inline(never)
    private func startQueued(_ start: WorkflowStart, _ onDuplicate: DuplicatePolicy) async throws -> Bool {
        let isNew = try await self.directory.startQueued(start, onDuplicate: onDuplicate)
        if isNew { self.metrics?[start.name].wasStarted() }
        return isNew
    }

    /// Writes the start, and runs the workflow from the thread that learns of the commit.
    // Not asynchronous, and not inlined: nothing of it is kept in memory while the caller waits.
    @inline(never)
    private func startHere(
        _ start: WorkflowStart,
        _ workflow: RegisteredWorkflow,
        _ lease: Lease,
        _ caller: UnsafeContinuation<Void, any Error>
    ) {
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
            return caller.resume(throwing: SupersededRun())
        }
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

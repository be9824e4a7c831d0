// SPDX-License-Identifier: Apache-2.0

import Libpq
import Logging
import Synchronization

/// What every run of an engine works with.
final class EngineCore: Sendable {
    /// From which size on a record waits for room before it is queued.
    static let largeRecord = 16 << 10

    let options: EngineOptions
    let coder: PayloadCoder
    let writer: JournalWriter
    /// For transaction steps, and whatever a user waits for.
    let pool: PostgresPool
    let executor: Executor
    let transactions: TransactionStatements
    let loader: RunLoader
    let runs: RunTable
    let directory: WorkflowDirectory
    let mail: MailReader
    let logger: Logger
    /// Nil when nobody collects metrics.
    let metrics: EngineMetrics?
    /// Nil when nobody collects spans.
    let tracing: EngineTracing?
    /// Nil when nobody stands around calls.
    let surroundings: Surroundings?
    /// Rung when there is something to claim.
    let claims: Bell
    /// What people ask of this process.
    let desk: OperatorDesk
    private let isLeaving = Atomic(false)

    init(
        options: EngineOptions,
        coder: PayloadCoder,
        writer: JournalWriter,
        pool: PostgresPool,
        executor: Executor,
        transactions: TransactionStatements,
        loader: RunLoader,
        directory: WorkflowDirectory,
        mail: MailReader,
        runs: RunTable,
        claims: Bell,
        desk: OperatorDesk,
        logger: Logger,
        metrics: EngineMetrics?,
        tracing: EngineTracing?,
        surroundings: Surroundings?
    ) {
        self.options = options
        self.coder = coder
        self.writer = writer
        self.pool = pool
        self.executor = executor
        self.transactions = transactions
        self.loader = loader
        self.directory = directory
        self.mail = mail
        self.runs = runs
        self.claims = claims
        self.desk = desk
        self.logger = logger
        self.metrics = metrics
        self.tracing = tracing
        self.surroundings = surroundings
    }

    /// The database's time, in microseconds since 2000-01-01, as this process knows it.
    func now() -> Int64 { self.executor.databaseNow() }

    /// Does a turn of what is done again and again: what fails is said, and the next turn tries again.
    func attempt(_ failure: Logger.Message, _ turn: () async throws -> Void) async {
        do {
            try await turn()
        } catch is CancellationError {
            return
        } catch {
            if Task.isCancelled { return }
            self.logger.warning(failure, metadata: ["error": "\(error)"])
        }
    }

    /// Ends every run of an identity that is dead: nothing of theirs can be recorded any more.
    func dropRuns(of identity: ExecutorIdentity) {
        for run in self.runs.all where run.lane.executor == identity {
            run.interrupt(Run.Interruption(cause: .superseded))
            run.lane.fail(SupersededRun())
        }
    }

    // MARK: - Running

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
        // A start that was on its way when the process was asked to leave: handed over like the others.
        if self.isLeaving.load(ordering: .acquiring) { self.handOver(run) }
        run.attach(run.span.within { Task { await self.execute(run, workflow) } })
    }

    /// Interrupts every run at its next call, now and as they come: the process is asked to leave.
    func leave() {
        self.isLeaving.store(true, ordering: .releasing)
        for run in self.runs.all { self.handOver(run) }
    }

    /// Ends every run on the spot, and nothing of them is written any more.
    func abandon() {
        self.isLeaving.store(true, ordering: .releasing)
        for run in self.runs.all {
            run.interrupt(Run.Interruption(cause: .superseded))
            run.lane.fail(SupersededRun())
        }
    }

    private func handOver(_ run: Run) {
        let row = ReleaseRow(state: run.state(.queued), runAt: self.now(), waitingFor: nil, reason: nil, error: nil)
        run.interrupt(Run.Interruption(cause: .shutdown, release: row), cancelling: false)
    }

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
        do {
            try await run.unwind(&result, context)
        } catch {
            result = .failure(error)
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
            let output = try await run.surrounded { try await workflow.execute(run.plan, lent) }
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

    /// What the end of a run's code comes to: an outcome, unless the run was interrupted before.
    private func finish(_ run: Run, _ result: Result<[UInt8]?, any Error>) async {
        if let interruption = run.conclude() {
            await self.finish(run, interruption)
            run.span.end("\(interruption.cause)", isError: interruption.cause == .paused)
            return
        }
        if let row = run.outcomeOfCleanUp(at: self.now()) {
            await self.end(run, row)
            run.span.end(row.status.rawValue, isError: row.status == .failed)
            return
        }
        var row = OutcomeRow(status: .succeeded, output: nil, error: nil, at: self.now())
        switch result {
        case .success(let output): row.output = output
        case .failure(let error):
            let recorded = RecordedError(recording: error, declared: run.failures, coder: self.coder)
            row.status = .failed
            row.error = recorded.encode(by: self.coder)
            run.logger.notice("workflow.failed", metadata: ["error.type": "\(recorded.type)"])
        }
        await self.end(run, row)
        run.span.end(row.status.rawValue, isError: row.status == .failed)
    }

    private func finish(_ run: Run, _ interruption: Run.Interruption) async {
        run.logger.debug("run.interrupted", metadata: ["cause": "\(interruption.cause)"])
        if let cleanUp = interruption.cleanUp {
            await self.cleanUp(run, cleanUp, request: interruption.request)
        } else if let continuation = interruption.continuation {
            await self.continueAsNew(run, continuation)
        } else if let release = interruption.release {
            await self.release(run, release)
        }
    }

    func release(_ run: Run, _ release: ReleaseRow) async {
        if release.state == .paused { self.options.hooks?.replayed?(.paused(error: release.error)) }
        // A lane that a refused record has ended takes nothing any more; the workflow is still this run's to pause.
        let lane = run.lane.failure is PostgresError ? run.lane.renewed() : run.lane
        if release.state == .paused, run.plan.mayLeaveUndone, let request = run.plan.cancellation {
            // Whatever it is paused for now, whoever asked has not seen that.
            _ = self.writer.submit(.lineage(.cancellationTaken(upTo: request.id)), for: lane)
        }
        guard let ticket = self.writer.submit(.release(release), for: lane) else { return }
        // The workflow stays this process's until the row is durable, or somebody else's already: both are fine.
        do {
            try await self.writer.waitUntilDurable(ticket, of: lane)
        } catch {
            run.logger.debug("run.release_dropped", metadata: ["error": "\(error)"])
        }
    }

    private func continueAsNew(_ run: Run, _ record: JournalRecord) async {
        guard let ticket = self.writer.submit(.lineage(.continuation(record)), for: run.lane) else { return }
        do {
            try await self.writer.waitUntilDurable(ticket, of: run.lane)
            self.claims.ring()
        } catch {
            run.logger.info("run.continuation_dropped", metadata: ["error": "\(error)"])
        }
    }

    func end(_ run: Run, _ row: OutcomeRow) async {
        if let replayed = self.options.hooks?.replayed { return replayed(.outcome(row)) }
        var row = row
        row.hasParent = run.plan.parent != nil
        if row.status == .failed, run.hasChildren {
            _ = self.writer.submit(.lineage(.cancelChildren(reason: "its parent \(run.id) failed")), for: run.lane)
        }
        defer {
            if row.hasParent || row.status == .failed && run.hasChildren { self.directory.notifier.post(.lineage) }
        }
        guard let ticket = self.writer.submit(.outcome(row), for: run.lane) else { return }
        do {
            try await self.writer.waitUntilDurable(ticket, of: run.lane)
            run.metrics?.ended(row.status, after: row.at - run.plan.createdAt)
            self.directory.board.deliver(Outcome(status: row.status, output: row.output, error: row.error), for: run.id)
        } catch {
            run.logger.info("run.outcome_dropped", metadata: ["error": "\(error)"])
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

    /// The attempts that have been running for more than a second.
    func longAttempts() -> [ActivityRow] {
        let before = self.now() - 1_000_000
        return self.runs.all.flatMap { run in
            run.attempts.filter { $0.startedAt < before }.map { attempt in
                ActivityRow(
                    workflow: run.id,
                    scope: attempt.place.scope,
                    position: attempt.place.position,
                    name: attempt.name,
                    kind: attempt.kind.rawValue,
                    attempt: attempt.number,
                    startedAt: attempt.startedAt
                )
            }
        }
    }
}

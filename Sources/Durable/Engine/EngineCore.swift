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
    let transactionSpin: TransactionSpin
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
    /// Whether anybody sees the attempts of steps: a tracer, interceptors, a test.
    let watchesSteps: Bool
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
        transactionSpin: TransactionSpin,
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
        self.transactionSpin = transactionSpin
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
        self.watchesSteps = tracing != nil || surroundings != nil || options.hooks != nil
    }

    /// The database's time, in microseconds since 2000-01-01, as this process knows it.
    func now() -> Int64 { self.executor.databaseNow() }

    /// The same for a moment of which the machine's clock was asked already, just now.
    func time(at now: ContinuousClock.Instant) -> Int64 { self.executor.databaseTime(at: now) }

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

    // MARK: - Ends of all runs

    /// Ends every run of an identity that is dead: nothing of theirs can be recorded any more.
    func dropRuns(of identity: ExecutorIdentity) {
        for run in self.runs.all where run.lane.executor == identity { self.drop(run) }
    }

    /// Interrupts every run at its next call, now and as they come: the process is asked to leave.
    func leave() {
        self.isLeaving.store(true, ordering: .releasing)
        for run in self.runs.all { self.handOver(run) }
    }

    /// Ends every run on the spot, and nothing of them is written any more.
    func abandon() {
        self.isLeaving.store(true, ordering: .releasing)
        for run in self.runs.all { self.drop(run) }
    }

    /// A start that was on its way when the process was asked to leave is handed over like the others.
    func handOverIfLeaving(_ run: Run) {
        if self.isLeaving.load(ordering: .acquiring) { self.handOver(run) }
    }

    private func drop(_ run: Run) {
        run.interrupt(Run.Interruption(cause: .superseded))
        run.lane.fail(SupersededRun())
    }

    private func handOver(_ run: Run) {
        let row = ReleaseRow(state: run.state(.queued), runAt: self.now(), waitingFor: nil, reason: nil, error: nil)
        run.interrupt(Run.Interruption(cause: .shutdown, release: row), cancelling: false)
    }

    // MARK: - Looking

    /// The attempts that have been running for more than a second.
    func longAttempts() -> [ActivityRow] {
        let before = self.now() - 1_000_000
        return self.runs.all.flatMap { run in
            run.attempts.filter { $0.startedAt < before }.map { attempt in
                ActivityRow(
                    workflow: run.id,
                    scope: attempt.call.place.scope,
                    position: attempt.call.place.position,
                    name: attempt.call.name,
                    kind: attempt.call.kind.rawValue,
                    attempt: Int16(clamping: attempt.number),
                    startedAt: attempt.startedAt
                )
            }
        }
    }
}

// SPDX-License-Identifier: Apache-2.0

import CoreMetrics
import Libpq
import Logging
import Tracing

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// A running engine: its parts, and the loops that keep it going.
struct EngineParts: Sendable {
    let core: EngineCore
    let registry: WorkflowRegistry
    let recovery: Recovery
    let housekeeping: PostgresPool
    let link: CoreLink
    let claims: Bell
    let sweeps: Bell
    let router: Router
    let lineage: LineageRouter
    let watch: Watch
    /// Rings when people have asked for something.
    let requests = Bell()
    let retention: RetentionKeeper
    /// Nil when the engine only polls.
    let listener: WakeListener?
    /// Nil when nobody collects metrics.
    let gauges: QueueGauges?

    /// Makes the parts, without a connection and without a word to the database.
    static func make(for engine: DurableEngine) -> EngineParts {
        var options = engine.options
        options.build = options.build ?? ProgramBuild.current
        let logger = engine.logger
        let claims = Bell()
        let sweeps = Bell()
        let database = engine.database.forEngine()
        // Two: a takeover that waits for locks must not hold up claims.
        let housekeeping = PostgresPool(database, options: PostgresPoolOptions(maximum: 2))
        let pool = PostgresPool(engine.database, options: PostgresPoolOptions(maximum: options.transactionConnections))
        let statements = Statements(schema: engine.schema)
        let runs = RunTable(limit: options.maxInMemory)
        let offers = engine.registry.offers
        let metrics = EngineMetrics(
            options.metrics ?? MetricsSystem.factory,
            offering: offers.map { $0.name }
        )
        // The executor tells the core, and the core needs the executor: this is where they meet.
        let link = CoreLink()
        let executor = Executor(
            configuration: database,
            statements: statements.executors,
            recovery: statements.recovery,
            options: ExecutorOptions(
                name: options.name,
                build: options.build,
                codeGeneration: Int32(CodeGeneration.current),
                offers: engine.registry.offers,
                lease: LeaseOptions(period: options.lease)
            ),
            logger: logger,
            events: link.events(sweeps: sweeps),
            clock: DatabaseClock(shift: options.hooks?.clock),
            activity: { link.core?.longAttempts() ?? [] }
        )
        let writer = JournalWriter(
            configuration: engine.database.forEngine(),
            statements: statements.journal,
            connections: options.journalConnections,
            batchDeadline: options.requestDeadline,
            spin: CommitSpin(limit: options.commitSpin, processors: ProcessInfo.processInfo.activeProcessorCount),
            logger: logger,
            events: JournalWriter.Events { identity, ending in executor.refused(identity, ending) },
            metrics: metrics?.journal,
            probe: options.hooks?.probe
        )
        let board = OutcomeBoard(
            pool: housekeeping,
            schema: engine.schema,
            poll: options.poll,
            logger: logger,
            isRunning: { runs.contains($0) }
        )
        let notifier = WakeNotifier(pool: housekeeping, schema: engine.schema, logger: logger)
        let router = Router(
            pool: housekeeping,
            statements: statements.waking,
            notifier: notifier,
            runs: runs,
            offers: engine.registry.offers,
            executor: { executor.lease?.identity.number },
            claims: claims,
            logger: logger
        )
        let core = EngineCore(
            options: options,
            coder: engine.coder,
            writer: writer,
            pool: pool,
            executor: executor,
            transactions: statements.transactions,
            loader: RunLoader(pool: housekeeping, schema: engine.schema),
            directory: WorkflowDirectory(
                pool: housekeeping,
                schema: engine.schema,
                coder: engine.coder,
                board: board,
                notifier: notifier
            ),
            mail: MailReader(pool: housekeeping, statements: statements.journal.messages),
            runs: runs,
            claims: claims,
            desk: OperatorDesk(pool: housekeeping, statements: statements.operations, logger: logger),
            logger: logger,
            metrics: metrics,
            tracing: EngineTracing(options.tracer ?? InstrumentationSystem.tracer),
            surroundings: Surroundings(
                options.interceptors,
                ObserverFeed(options.observers, logger: logger, metrics: metrics)
            )
        )
        link.connect(core)
        return EngineParts(
            core: core,
            registry: engine.registry,
            recovery: Recovery(
                pool: housekeeping,
                executor: executor,
                fences: statements.executors,
                statements: statements.recovery,
                claims: statements.claims,
                options: RecoveryOptions(recoveries: Int16(options.recoveries)),
                logger: logger
            ),
            housekeeping: housekeeping,
            link: link,
            claims: claims,
            sweeps: sweeps,
            router: router,
            lineage: LineageRouter(
                pool: housekeeping,
                statements: statements.journal.lineage,
                notifier: notifier,
                runs: runs,
                executor: { executor.lease?.identity.number },
                bell: router.lineage
            ),
            watch: Watch(pool: housekeeping, statements: statements.poll, router: router),
            retention: RetentionKeeper(
                pool: housekeeping,
                statements: statements.retention,
                interval: options.retentionInterval,
                logger: logger
            ),
            listener: options.listen
                ? WakeListener(
                    configuration: database,
                    channel: engine.schema.name,
                    logger: logger,
                    heard: { wake in router.handle(wake) },
                    established: { router.lookAtEverything() }
                ) : nil,
            gauges: metrics.map {
                QueueGauges(pool: housekeeping, schema: engine.schema, metrics: $0, runs: runs, offers: offers)
            }
        )
    }

    /// Registers this process, and opens its connections.
    static func assemble(for engine: DurableEngine) async throws -> EngineParts {
        let parts = Self.make(for: engine)
        let (executor, writer) = (parts.core.executor, parts.core.writer)
        let options = engine.options
        do {
            for trigger in engine.triggers { try await parts.core.directory.register(trigger) }
            for queue in options.queues { try await parts.core.directory.declare(queue) }
            try await parts.retention.register(options.retention)
            let lease = try await executor.register()
            try await writer.start(as: lease.identity)
            // It may have been replaced while the connections were opened.
            if let current = executor.lease?.identity, current != lease.identity { writer.become(current) }
        } catch {
            await executor.stop()
            parts.link.disconnect()
            throw (error as? PostgresError).map { DurableError($0) } ?? error
        }
        engine.logger.info(
            "engine.started",
            metadata: [
                "executor.name": "\(executor.name)",
                "connections":
                    "\(options.journalConnections + options.transactionConnections + (options.listen ? 4 : 3))",
                "workflows": "\(engine.registry.offers.map { $0.name })",
            ]
        )
        return parts
    }

    // MARK: - Loops

    /// Takes over from the dead: once at boot, before the engine is ready, and again for as long as it runs.
    func recoverForEver(ready: @Sendable () -> Void) async {
        var isReady = false
        while !Task.isCancelled {
            var pause = self.core.options.lease / 3
            if let lease = self.core.executor.lease {
                await self.attempt("recovery.sweep_failed") {
                    let report = try await self.recovery.sweep(as: lease) { self.claims.ring() }
                    self.core.metrics?.recovered(report)
                    // Who lives renews long before: only the lease of one that may be dead ends before the next turn. The pauses
                    // are up to a fifth longer than asked for, so the end is come closer to in several.
                    if let end = try await self.recovery.nextLeaseEnd(as: lease) {
                        pause = min(pause, max(end * 0.8, .milliseconds(50)))
                    }
                }
            }
            if !isReady {
                // Before anything can be started: what was paused stays so across restarts.
                await self.obeyOperators()
                isReady = true
                ready()
            }
            await self.sweeps.wait(atMost: pause)
        }
    }

    /// Gives back what this process owns and does not run.
    func releaseOrphansForEver() async {
        while !Task.isCancelled {
            await Backoff.sleep(self.core.options.poll * 5)
            guard let lease = self.core.executor.lease else { continue }
            await self.attempt("recovery.orphans_failed") {
                let runs = self.core.runs
                _ = try await self.recovery.releaseOrphans(of: lease) { id, token in runs.contains(id, token: token) }
            }
        }
    }

    /// Measures what waits, where somebody collects metrics.
    func measureQueuesForEver() async {
        guard let gauges else { return }
        while !Task.isCancelled {
            await self.attempt("metrics.look_failed") { try await gauges.look() }
            await Backoff.sleep(QueueGauges.interval)
        }
    }

    func attempt(_ failure: Logger.Message, _ body: () async throws -> Void) async {
        do {
            try await body()
        } catch is CancellationError {
            return
        } catch {
            if Task.isCancelled { return }
            self.core.logger.warning(failure, metadata: ["error": "\(error)"])
        }
    }

    // MARK: - End

    /// Ends everything as the death of the process would: nothing is handed over, nothing is written.
    ///
    /// For tests of crashes, which have cut the connections before.
    func abandon() async {
        self.core.abandon()
        self.core.writer.stop()
        self.core.pool.shutdown()
        self.housekeeping.shutdown()
        self.core.directory.board.stop()
        self.core.directory.notifier.stop()
        let runs = self.core.runs
        // What ignores its cancellation goes on as it may, and can record nothing.
        _ = await Backoff.finishes(within: .seconds(1)) { await runs.waitUntilEmpty() }
        await self.core.executor.stop(within: .milliseconds(1))
        await self.core.surroundings?.close()
        self.link.disconnect()
    }

    /// Interrupts every run at its next call, waits for steps that run, hands everything over, and frees the lease.
    func shutDown(within drain: Duration) async {
        self.core.leave()
        let runs = self.core.runs
        let isDrained = await Backoff.finishes(within: drain) { await runs.waitUntilEmpty() }
        if !isDrained {
            let left = runs.all
            self.core.logger.warning("engine.drain_ended", metadata: ["workflows": "\(left.map { $0.id })"])
            for run in left { run.cancelTask() }
            // What ignores its cancellation is left to the takeover: its lease is freed, its records are fenced.
            _ = await Backoff.finishes(within: .seconds(1)) { await runs.waitUntilEmpty() }
        }
        let writer = self.core.writer
        _ = await Backoff.finishes(within: .seconds(5)) { await writer.drain() }
        await self.core.executor.stop()
        self.core.writer.stop()
        self.core.directory.board.stop()
        self.core.directory.notifier.stop()
        self.core.pool.shutdown()
        self.housekeeping.shutdown()
        self.link.disconnect()
        await self.core.surroundings?.close()
        self.core.logger.info("engine.stopped")
    }
}

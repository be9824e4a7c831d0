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

/// The parts of an engine, put together: here is who knows whom.
///
/// Making them opens no connection and says no word to the database; `begin` does.
struct EngineParts: Sendable {
    let core: EngineCore
    let housekeeping: PostgresPool
    let link: CoreLink
    let sweeper: Sweeper
    let claimer: Claimer
    let watch: Watch
    let router: Router
    let lineage: LineageRouter
    /// Rings when people have asked for something.
    let requests: Bell
    let retention: RetentionKeeper
    /// Nil when the engine only polls.
    let listener: WakeListener?
    /// Nil when nobody collects metrics.
    let gauges: QueueGauges?

    init(of engine: DurableEngine) {
        var options = engine.options
        options.build = options.build ?? ProgramBuild.current
        let (logger, registry) = (engine.logger, engine.registry)
        let database = engine.database.forEngine()
        // Two: a takeover that waits for locks must not hold up claims.
        let housekeeping = PostgresPool(database, options: PostgresPoolOptions(maximum: 2))
        let statements = Statements(schema: engine.schema)
        let runs = RunTable(limit: options.maxInMemory)
        let metrics = EngineMetrics(
            options.metrics ?? MetricsSystem.factory,
            offering: registry.offers.map { $0.name }
        )
        let (claims, sweeps, requests) = (Bell(), Bell(), Bell())
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
                offers: registry.offers,
                lease: LeaseOptions(period: options.lease)
            ),
            logger: logger,
            events: link.events(sweeps: sweeps),
            clock: DatabaseClock(shift: options.hooks?.clock),
            activity: { link.core?.longAttempts() ?? [] },
            backlog: { link.core?.writer.backlog() }
        )
        let number: @Sendable () -> Int32? = { executor.lease?.identity.number }
        let notifier = WakeNotifier(pool: housekeeping, schema: engine.schema, logger: logger)
        let router = Router(
            pool: housekeeping,
            statements: statements.waking,
            notifier: notifier,
            runs: runs,
            offers: registry.offers,
            executor: number,
            claims: claims,
            logger: logger
        )
        let spin = ReplySpin(limit: options.commitSpin, processors: ProcessInfo.processInfo.activeProcessorCount)
        let writer = JournalWriter(
            configuration: database,
            statements: statements.journal,
            connections: options.journalConnections,
            batchDeadline: options.requestDeadline,
            spin: spin,
            logger: logger,
            events: JournalWriter.Events { identity, ending in executor.refused(identity, ending) },
            metrics: metrics?.journal,
            probe: options.hooks?.probe
        )
        let core = EngineCore(
            options: options,
            coder: engine.coder,
            writer: writer,
            pool: PostgresPool(engine.database, options: PostgresPoolOptions(maximum: options.transactionConnections)),
            executor: executor,
            transactions: statements.transactions,
            transactionSpin: TransactionSpin(spin) { writer.isIdle },
            loader: RunLoader(pool: housekeeping, schema: engine.schema),
            directory: WorkflowDirectory(
                pool: housekeeping,
                schema: engine.schema,
                coder: engine.coder,
                board: OutcomeBoard(
                    pool: housekeeping,
                    schema: engine.schema,
                    poll: options.poll,
                    logger: logger,
                    isRunning: { runs.contains($0) }
                ),
                notifier: notifier,
                logger: logger
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
        let recovery = Recovery(
            pool: housekeeping,
            executor: executor,
            fences: statements.executors,
            statements: statements.recovery,
            claims: statements.claims,
            options: RecoveryOptions(recoveries: Int16(options.recoveries)),
            logger: logger
        )
        let lineage = LineageRouter(
            pool: housekeeping,
            statements: statements.journal.lineage,
            notifier: notifier,
            runs: runs,
            executor: number,
            bell: router.lineage
        )
        self.core = core
        self.housekeeping = housekeeping
        self.link = link
        self.sweeper = Sweeper(core: core, recovery: recovery, bell: sweeps)
        self.claimer = Claimer(core: core, registry: registry, recovery: recovery)
        self.watch = Watch(
            pool: housekeeping,
            statements: statements.poll,
            core: core,
            offers: registry.offers.versions,
            router: router,
            lineage: lineage,
            requests: requests
        )
        self.router = router
        self.lineage = lineage
        self.requests = requests
        self.retention = RetentionKeeper(
            pool: housekeeping,
            statements: statements.retention,
            interval: options.retentionInterval,
            logger: logger
        )
        self.listener =
            options.listen
            ? WakeListener(
                configuration: database,
                channel: engine.schema.name,
                logger: logger,
                heard: { wake in router.handle(wake) },
                established: { router.lookAtEverything() }
            ) : nil
        self.gauges = metrics.map {
            QueueGauges(pool: housekeeping, schema: engine.schema, metrics: $0, runs: runs, offers: registry.offers)
        }
    }
}

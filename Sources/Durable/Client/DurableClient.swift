// SPDX-License-Identifier: Apache-2.0

public import Libpq
public import Logging
import Tracing

/// Starts workflows, and waits for them, from a process that runs none: it holds no lease and needs no `run()`.
///
/// ```swift
/// let client = try DurableClient(database: .environment)
/// let handle = try await client.start(Checkout.self, order, id: "checkout-\(order.id)")
/// let receipt = try await handle.result()
/// client.shutdown()
/// ```
public final class DurableClient: Sendable {
    let directory: WorkflowDirectory
    private let pool: PostgresPool

    /// Makes a client.
    ///
    /// It connects when it is first used.
    ///
    /// - Parameters:
    ///   - database: How to reach the database; by default what the `PG*` variables say.
    ///   - schema: The schema of the engine's tables.
    ///   - connections: How many connections it opens at most.
    ///   - poll: How often it asks, after a while, whether an awaited workflow has ended.
    ///   - codecs: How payloads are encoded: as for the engines.
    ///   - logger: Where it logs.
    public init(
        database: PostgresConfiguration = .environment,
        schema: String = "durable",
        connections: Int = 2,
        poll: Duration = .seconds(1),
        codecs: PayloadCodecs? = nil,
        logger: Logger = Logger(label: "durable.client")
    ) throws {
        guard connections >= 1 else {
            throw DurableError(.invalidConfiguration, "a client needs at least one connection; it has \(connections)")
        }
        guard poll > .zero, poll <= EngineOptions.longest else {
            throw DurableError(
                .invalidConfiguration,
                "the poll interval must be positive and not longer than a year; it is \(poll)"
            )
        }
        let schema = try SchemaName(schema)
        var options = PostgresPoolOptions()
        options.maximum = connections
        let pool = PostgresPool(database.forEngine(), options: options)
        self.pool = pool
        self.directory = WorkflowDirectory(
            pool: pool,
            schema: schema,
            coder: PayloadCoder(codecs: codecs),
            board: OutcomeBoard(pool: pool, schema: schema, poll: poll, logger: logger),
            notifier: WakeNotifier(pool: pool, schema: schema, logger: logger),
            logger: logger
        )
    }

    /// Starts a workflow: an engine that offers it takes it up within its poll interval.
    ///
    /// - Parameters:
    ///   - type: The workflow.
    ///   - input: What `run` is given.
    ///   - id: The caller's id, 1 to 512 bytes; starting it again returns the same workflow. Nil: a new id.
    ///   - onDuplicate: What happens when the id was started with another input.
    /// - Throws: ``DurableError`` with the code `workflowConflict` when the id belongs to another workflow.
    @discardableResult
    public func start<W: Workflow>(
        _ type: W.Type,
        _ input: W.Input,
        id: String? = nil,
        onDuplicate: DuplicatePolicy = .compareInput
    ) async throws -> WorkflowHandle<W.Output> {
        let trace = EngineTracing(InstrumentationSystem.tracer)?.carrier(of: ServiceContext.current)
        let start = try WorkflowStart(type, input, id: id, trace: trace, coder: self.directory.coder)
        let isNew = try await self.directory.startQueued(start, onDuplicate: onDuplicate)
        return WorkflowHandle(id: start.id, isNew: isNew, directory: self.directory, failures: W.failures)
    }

    /// Starts a workflow that takes no input.
    @discardableResult
    public func start<W: Workflow>(
        _ type: W.Type,
        id: String? = nil
    ) async throws -> WorkflowHandle<W.Output> where W.Input == Nothing {
        try await self.start(type, Nothing(), id: id)
    }

    /// A workflow that was started before.
    public func handle<W: Workflow>(_ type: W.Type, id: String) -> WorkflowHandle<W.Output> {
        WorkflowHandle(id: id, isNew: false, directory: self.directory, failures: W.failures)
    }

    /// Explanations and repair: what a person on call asks of the system.
    public var operations: WorkflowOperations { self.directory.operations }

    /// Closes the connections; whoever waits for a result is told so.
    public func shutdown() {
        self.directory.board.stop()
        self.directory.notifier.stop()
        self.pool.shutdown()
    }
}

extension WorkflowDirectory {
    /// Starts a workflow for whoever offers it.
    ///
    /// - Returns: Whether it is new.
    func startQueued(_ start: WorkflowStart, onDuplicate: DuplicatePolicy) async throws -> Bool {
        while true {
            if try await self.enqueue(start) { return true }
            // Gone between the two: retention was faster, and the id is free again.
            if try await self.reconcile(start, onDuplicate: onDuplicate) != nil { return false }
        }
    }
}

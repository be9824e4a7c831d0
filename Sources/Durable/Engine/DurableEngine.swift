// SPDX-License-Identifier: Apache-2.0

public import Libpq
public import Logging
import Synchronization

/// Runs workflows in this process, and takes up those of processes that have died.
///
/// An engine is a `Service`: give it to a `ServiceGroup`, or call `run()` yourself. It needs no server beside the database.
///
/// ```swift
/// let engine = try DurableEngine(database: .environment, workflows: [Checkout(payments: payments)])
/// try await ServiceGroup(services: [engine, app], gracefulShutdownSignals: [.sigterm], logger: logger).run()
/// ```
public final class DurableEngine: Sendable {
    enum Phase {
        /// `run()` was not called yet.
        case idle
        case starting
        case ready(EngineCore)
        /// It shuts down, or has ended; with the error that ended it, if one did.
        case stopped((any Error)?)
    }

    struct State {
        var phase = Phase.idle
        var waiters: [UInt64: CheckedContinuation<Void, any Error>] = [:]
        var nextWaiter: UInt64 = 0
    }

    let database: PostgresConfiguration
    let options: EngineOptions
    let schema: SchemaName
    let registry: WorkflowRegistry
    let triggers: [EventTrigger]
    let coder: PayloadCoder
    let logger: Logger
    let state = Mutex(State())

    /// Makes an engine; `run()` starts it.
    ///
    /// - Parameters:
    ///   - database: How to reach the database; by default what the `PG*` variables say.
    ///   - workflows: The workflows that this process runs, with what they depend on.
    ///   - triggers: Which events start which workflows; registered in the database when it runs, for every process.
    ///   - options: How it behaves.
    ///   - logger: Where it logs, with dotted metadata (`workflow.id`, `step.name`).
    /// - Throws: ``DurableError`` (`invalidConfiguration`, `invalidArgument`) for options that make no sense, two workflows of
    ///   one name, or a name that cannot be one.
    public init(
        database: PostgresConfiguration = .environment,
        workflows: [any Workflow],
        triggers: [EventTrigger] = [],
        options: EngineOptions = EngineOptions(),
        logger: Logger = Logger(label: "durable")
    ) throws {
        try options.validate()
        self.database = database
        self.options = options
        self.schema = try SchemaName(options.schema)
        self.coder = PayloadCoder(limit: options.payloadLimit, codecs: options.codecs)
        self.registry = try WorkflowRegistry(workflows, coder: self.coder)
        self.triggers = triggers
        self.logger = logger
    }

    // MARK: - Starting

    /// Starts a workflow, and returns when its start is durable.
    ///
    /// It begins in this process at once; beyond the limit of workflows in memory it is left queued for any process.
    ///
    /// - Parameters:
    ///   - type: The workflow. A type that this engine does not offer is left queued for a process that does.
    ///   - input: What `run` is given.
    ///   - id: The caller's id, 1 to 512 bytes; starting it again returns the same workflow. Nil: a new id.
    ///   - onDuplicate: What happens when the id was started with another input.
    /// - Throws: ``DurableError``: `workflowConflict` when the id belongs to another workflow, `unencodable` for an input that
    ///   cannot be recorded, `invalidArgument` for an impossible id, `notRunning` when the engine was not started.
    @discardableResult
    public func start<W: Workflow>(
        _ type: W.Type,
        _ input: W.Input,
        id: String? = nil,
        onDuplicate: DuplicatePolicy = .compareInput
    ) async throws -> WorkflowHandle<W.Output> {
        let start = try WorkflowStart(type, input, id: id, seed: self.options.hooks?.seed, coder: self.coder)
        let core = try await self.core()
        let isNew = try await core.start(start, self.registry[start.name], onDuplicate: onDuplicate)
        return WorkflowHandle(id: start.id, isNew: isNew, directory: core.directory, failures: W.failures)
    }

    /// Starts a workflow that takes no input.
    @discardableResult
    public func start<W: Workflow>(
        _ type: W.Type,
        id: String? = nil
    ) async throws -> WorkflowHandle<W.Output> where W.Input == Nothing {
        try await self.start(type, Nothing(), id: id)
    }

    /// A workflow that was started before, here or elsewhere.
    public func handle<W: Workflow>(_ type: W.Type, id: String) async throws -> WorkflowHandle<W.Output> {
        WorkflowHandle(id: id, isNew: false, directory: try await self.core().directory, failures: W.failures)
    }

    /// Explanations and repair: what a person on call asks of the system.
    ///
    /// - Throws: ``DurableError`` (`notRunning`) when the engine was not started, or has been shut down.
    public var operations: WorkflowOperations {
        get async throws { try await self.core().directory.operations }
    }

    // MARK: - Readiness

    /// Returns when the engine is registered and its first recovery sweep is done.
    ///
    /// - Throws: What made `run()` fail, or ``DurableError`` (`notRunning`) after a shutdown; `CancellationError`.
    public func waitUntilReady() async throws {
        let number = self.state.withLock { state in
            state.nextWaiter += 1
            return state.nextWaiter
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { (waiter: CheckedContinuation<Void, any Error>) in
                let outcome = self.state.withLock { state -> Result<Void, any Error>? in
                    if Task.isCancelled { return .failure(CancellationError()) }
                    switch state.phase {
                    case .ready: return .success(())
                    case .stopped(let error): return .failure(error ?? Self.stopped)
                    case .idle, .starting:
                        state.waiters[number] = waiter
                        return nil
                    }
                }
                if let outcome { waiter.resume(with: outcome) }
            }
        } onCancel: {
            self.state.withLock { $0.waiters.removeValue(forKey: number) }?.resume(throwing: CancellationError())
        }
    }

    /// Whether the engine is ready now: for a readiness probe.
    public var isReady: Bool {
        self.state.withLock { if case .ready = $0.phase { true } else { false } }
    }

    func core() async throws -> EngineCore {
        let phase = self.state.withLock { $0.phase }
        switch phase {
        case .ready(let core): return core
        case .idle:
            throw DurableError(
                .notRunning,
                "the engine was not started: give it to a ServiceGroup, or call run() in a task of its own"
            )
        case .starting:
            try await self.waitUntilReady()
            return try await self.core()
        case .stopped(let error):
            throw error ?? Self.stopped
        }
    }

    static let stopped = DurableError(.notRunning, "the engine has been shut down")

    func enter(_ phase: Phase) {
        let waiters = self.state.withLock { state -> [CheckedContinuation<Void, any Error>] in
            state.phase = phase
            switch phase {
            case .idle, .starting: return []
            case .ready, .stopped:
                defer { state.waiters = [:] }
                return Array(state.waiters.values)
            }
        }
        for waiter in waiters {
            switch phase {
            case .stopped(let error): waiter.resume(throwing: error ?? Self.stopped)
            default: waiter.resume()
            }
        }
    }
}

// SPDX-License-Identifier: Apache-2.0

public import Durable
import Libpq
public import Logging
import Synchronization

/// An engine on a database of its own, under a clock that the test moves; see ``withTestEngine(_:options:clock:standIns:logger:prepare:_:)``.
public final class TestEngine: Sendable {
    private struct Running {
        let engine: DurableEngine
        let gate: ConnectionGate
        let task: Task<Void, any Error>
    }

    /// Its database; the test may have tables of its own in it.
    public let database: TestDatabase
    /// Its time.
    public let clock: VirtualClock
    /// What steps do instead of their bodies.
    public let standIns: StandIns

    let schema: SchemaName
    private let options: EngineOptions
    private let logger: Logger
    private let running = Mutex<Running?>(nil)

    init(
        database: TestDatabase,
        options: EngineOptions,
        standIns: StandIns,
        logger: Logger
    ) throws {
        self.database = database
        self.schema = try SchemaName(options.schema)
        self.standIns = standIns
        self.clock = VirtualClock(database: database.configuration, schema: self.schema, standIns: standIns)
        var hooks = options.hooks ?? EngineHooks()
        hooks.clock = self.clock.shift
        hooks.standIn = { sight in standIns.standIn(for: sight) }
        var options = options
        options.hooks = hooks
        self.options = options
        self.logger = logger
    }

    /// The engine that runs now.
    ///
    /// - Throws: ``TestFailure`` between a stop and the next start.
    public var engine: DurableEngine {
        get throws {
            guard let running = self.running.withLock({ $0 }) else { throw TestFailure("no engine runs now") }
            return running.engine
        }
    }

    // MARK: - Workflows

    /// Starts a workflow; see `DurableEngine.start`.
    @discardableResult
    public func start<W: Workflow>(
        _ type: W.Type,
        _ input: W.Input,
        id: String? = nil
    ) async throws -> WorkflowHandle<W.Output> {
        try await self.engine.start(type, input, id: id)
    }

    /// Starts a workflow that takes no input.
    @discardableResult
    public func start<W: Workflow>(
        _ type: W.Type,
        id: String? = nil
    ) async throws -> WorkflowHandle<W.Output> where W.Input == Nothing {
        try await self.engine.start(type, id: id)
    }

    /// Starts a workflow and waits for its end; see ``result(of:_:within:)``.
    @discardableResult
    public func run<W: Workflow>(
        _ type: W.Type,
        _ input: W.Input,
        id: String? = nil,
        within limit: Duration = .seconds(60)
    ) async throws -> W.Output {
        let handle = try await self.start(type, input, id: id)
        return try await self.result(of: type, handle.id, within: limit)
    }

    /// Starts a workflow that takes no input, and waits for its end.
    @discardableResult
    public func run<W: Workflow>(
        _ type: W.Type,
        id: String? = nil,
        within limit: Duration = .seconds(60)
    ) async throws -> W.Output where W.Input == Nothing {
        try await self.run(type, Nothing(), id: id, within: limit)
    }

    // MARK: - Lives and deaths

    /// Starts an engine, and returns when it is ready.
    ///
    /// - Throws: ``TestFailure`` when one runs already; what the engine throws.
    public func boot(_ workflows: [any Workflow]) async throws {
        try await self.boot(workflows) { _, _ in }
    }

    /// The same, with something more in its way.
    func boot<R>(_ workflows: [any Workflow], _ change: (inout EngineHooks, ConnectionGate) -> R) async throws -> R {
        guard self.running.withLock({ $0 == nil }) else { throw TestFailure("an engine runs already") }
        let gate = ConnectionGate()
        var configuration = self.database.configuration
        configuration.gate = gate
        var options = self.options
        var hooks = options.hooks ?? EngineHooks()
        let result = change(&hooks, gate)
        options.hooks = hooks
        let engine = try DurableEngine(
            database: configuration,
            workflows: workflows,
            options: options,
            logger: self.logger
        )
        self.clock.add(engine)
        let running = Running(engine: engine, gate: gate, task: Task { try await engine.run() })
        self.running.withLock { $0 = running }
        try await engine.waitUntilReady()
        return result
    }

    /// Stops the engine as a deploy does: running steps may end, and what is left is handed over.
    public func stop() async throws {
        guard let running = self.take() else { return }
        running.task.cancel()
        try? await running.task.value
        self.clock.remove(running.engine)
    }

    /// Ends the engine as SIGKILL does: its connections are cut, nothing is handed over, nothing is written any more.
    ///
    /// Its lease runs on, as that of a dead process does: the next engine takes its workflows over when time has been moved
    /// beyond it, or at once with `proven`.
    ///
    /// - Parameter proven: Whether the next engine knows that this one is dead, as it does of a former process of its name.
    public func crash(proven: Bool = true) async throws {
        guard let running = self.take() else { return }
        let number = running.engine.executorNumber
        running.gate.close()
        running.task.cancel()
        try? await running.task.value
        self.clock.remove(running.engine)
        if proven, let number { try await self.bury([number]) }
    }

    /// Declares executors dead: from now on nothing of theirs can be recorded.
    func bury(_ executors: [Int32]) async throws {
        let durable = self.schema.quoted
        let connection = try await PostgresConnection.connect(self.database.configuration)
        defer { connection.close() }
        for executor in executors {
            let query = StatementText("SELECT \(durable).take_over($1, true)", types: [.int4])
            _ = try await connection.run(Pipeline([Statement(query, [Parameter(executor)])]))
        }
    }

    private func take() -> Running? {
        self.running.withLock { running in
            defer { running = nil }
            return running
        }
    }
}

/// Runs the body with an engine on a throw-away database, under a clock that skips or that the test moves.
///
/// The test fails when the body throws, and when a stand-in was not met. It works in Swift Testing and in XCTest.
///
/// ```swift
/// @Test func `an order is charged, and the reminder goes out three days later`() async throws {
///     try await withTestEngine([Checkout(payments: payments)], clock: .skipping) { test in
///         let receipt = try await test.run(Checkout.self, order)
///         #expect(receipt.isPaid)
///     }
/// }
/// ```
///
/// - Parameters:
///   - workflows: The workflows that it runs, with what they depend on.
///   - options: How it behaves; by default `EngineOptions.testing`.
///   - clock: Whether time skips ahead whenever everything waits, or the test moves it.
///   - standIns: What steps do instead of their bodies.
///   - logger: Where the engine logs; by default nowhere.
///   - prepare: Makes the service's own tables, before the engine starts.
///   - body: The test.
/// - Returns: What the body returned.
/// - Throws: What the body threw; ``TestFailure`` when a stand-in was not met; why there is no database.
@discardableResult
public func withTestEngine<R>(
    _ workflows: [any Workflow],
    options: EngineOptions = .testing,
    clock: VirtualClock.Mode = .byHand,
    standIns: StandIns = StandIns(),
    logger: Logger = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }),
    prepare: (TestDatabase) async throws -> Void = { _ in },
    _ body: nonisolated(nonsending) (TestEngine) async throws -> R
) async throws -> R {
    try await withTestDatabase { database in
        try await prepare(database)
        return try await withTestEngine(
            workflows,
            on: database,
            options: options,
            clock: clock,
            standIns: standIns,
            logger: logger,
            body
        )
    }
}

/// The same on a database that the test has.
@discardableResult
public func withTestEngine<R>(
    _ workflows: [any Workflow],
    on database: TestDatabase,
    options: EngineOptions = .testing,
    clock: VirtualClock.Mode = .byHand,
    standIns: StandIns = StandIns(),
    logger: Logger = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }),
    _ body: nonisolated(nonsending) (TestEngine) async throws -> R
) async throws -> R {
    let test = try TestEngine(database: database, options: options, standIns: standIns, logger: logger)
    try await test.clock.install()
    defer { test.clock.close() }
    let result: Result<R, any Error>
    do {
        try await test.boot(workflows)
        let skipping = clock == .skipping ? Task { try await test.clock.skipForEver() } : nil
        defer { skipping?.cancel() }
        result = .success(try await body(test))
    } catch {
        result = .failure(error)
    }
    try await test.stop()
    let value = try result.get()
    try standIns.checkAllMet()
    return value
}

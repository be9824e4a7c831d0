// SPDX-License-Identifier: Apache-2.0

import CLibpq
import Synchronization

/// One session with the server.
///
/// Any number of requests may be under way; they are answered in order.
///
/// A connection that nobody refers to any more is closed, and what is under way on it fails.
public final class PostgresConnection: Sendable {
    let core: ConnectionCore
    private let attachment = Mutex<(any Sendable)?>(nil)

    init(_ core: ConnectionCore) { self.core = core }

    deinit { self.core.close("the connection was released while the request was under way") }

    /// What whoever works over this session keeps beside it; gone with it.
    package func withAttachment<R: Sendable>(_ body: (inout (any Sendable)?) -> R) -> R {
        self.attachment.withLock { body(&$0) }
    }

    // MARK: Opening

    /// Connects.
    ///
    /// - Throws: `connectionFailed`, naming host, port, database, user and reason; `cancelled` if the task is.
    public static func connect(
        _ configuration: PostgresConfiguration,
        on poller: Poller = .shared
    ) async throws(PostgresError) -> PostgresConnection {
        let waiter = SingleWaiter<PostgresConnection>()
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                waiter.wait(continuation)
                Self.connect(configuration, on: poller) { waiter.resume($0) }
            }
        } onCancel: {
            // The attempt goes on until its end; a connection that it may yet bring is closed, because nobody takes it.
            waiter.resume(.failure(PostgresError(.cancelled, "connecting was cancelled")))
        }
        return try result.get()
    }

    /// Connects, and calls `completion` once, on any thread.
    public static func connect(
        _ configuration: PostgresConfiguration,
        on poller: Poller,
        completion: @escaping @Sendable (Result<PostgresConnection, PostgresError>) -> Void
    ) {
        let parameters: ConnectionParameters
        do {
            parameters = try ConnectionParameters(configuration)
        } catch {
            return poller.execute { completion(.failure(error)) }
        }
        if let gate = configuration.gate, gate.isClosed {
            return poller.execute { completion(.failure(PostgresError(.connectionFailed, ConnectionGate.words))) }
        }
        ConnectionAttempt.start(parameters, on: poller.core) { result in
            switch result {
            case .failure(let error): completion(.failure(error))
            case .success(let established):
                let core = ConnectionCore(established, configuration, poller.core)
                configuration.gate?.admit(core)
                PostgresConnection(core).applySettings(within: parameters.timeout, completion)
            }
        }
    }

    private func applySettings(
        within timeout: Duration,
        _ completion: @escaping @Sendable (Result<PostgresConnection, PostgresError>) -> Void
    ) {
        let settings = self.core.configuration.settings.sorted { $0.key < $1.key }
        guard !settings.isEmpty else { return completion(.success(self)) }
        let statements = settings.map { Statement("SELECT pg_catalog.set_config(\($0.key), \($0.value), false)") }
        // `self` is kept until the answer is there.
        self.core.send(statements, deadline: timeout) { result in
            switch result {
            case .success: completion(.success(self))
            case .failure(var error):
                if let index = error.statementIndex, settings.indices.contains(index) {
                    error.message = "the setting \(settings[index].key) was refused: \(error.message)"
                }
                self.close()
                completion(.failure(error))
            }
        }
    }

    // MARK: Requests

    /// Hands a pipeline to the server, without a task and without changing threads: when this returns the bytes are with the system, or
    /// wait for room in the socket.
    ///
    /// - Parameters:
    ///   - pipeline: What to run.
    ///   - deadline: How long the reply may take; then the connection is closed. Nil: the configuration's `requestTimeout`.
    ///   - completion: Called exactly once, on the poller's thread or one that looks for replies itself, when the commit is known, or when it
    ///     cannot be known any more. Pipelines complete in the order in which they were sent. After an error of the server the connection
    ///     stays usable.
    public func send(
        _ pipeline: Pipeline,
        deadline: Duration? = nil,
        completion: @escaping @Sendable (Result<[StatementResult], PostgresError>) -> Void
    ) {
        self.core.send(pipeline.statements, deadline: deadline, completion: completion)
    }

    /// Looks for the reply to the only request under way on the calling thread, without sleeping, and completes it there.
    ///
    /// For a server whose reply is about to come: it saves the wake-ups of two threads. Only the connection's one sender may call it.
    ///
    /// - Parameters:
    ///   - limit: After which time the reply is left to the poller.
    ///   - wanted: Asked before each further look; false leaves the reply to the poller.
    /// - Returns: Whether the request is complete.
    @discardableResult
    package func spin(for limit: Duration, while wanted: () -> Bool = { true }) -> Bool {
        self.core.spin(for: limit, while: wanted)
    }

    /// Runs a pipeline and returns the answers of its statements.
    ///
    /// If the task is cancelled the server is asked to stop, and the call ends when the server has answered: with `cancelled`, or normally if
    /// it was done already.
    ///
    /// - Throws: the first error, with the index of its statement.
    @discardableResult
    public func run(
        _ pipeline: Pipeline,
        deadline: Duration? = nil
    ) async throws(PostgresError) -> [StatementResult] {
        try await self.run(pipeline, deadline: deadline) {}
    }

    /// Runs a pipeline and returns the answers of its statements.
    ///
    /// - Parameter sent: Called on the calling thread, between the sending and the wait: the place to `spin`.
    package func run(
        _ pipeline: Pipeline,
        deadline: Duration? = nil,
        sent: () -> Void
    ) async throws(PostgresError) -> [StatementResult] {
        let request = CancellableRequest(self.core)
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                request.start(pipeline.statements, deadline: deadline, continuation)
                sent()
            }
        } onCancel: {
            request.cancel()
        }
        return try result.get()
    }

    // MARK: State

    /// Closes the session.
    ///
    /// What is under way fails; whether it took effect is unknown.
    public func close() {
        self.core.close("the connection was closed")
    }

    /// Whether the session is over, because it was closed or lost.
    public var isClosed: Bool { self.core.state.withLock { $0.connection == nil } }

    /// The number of this connection, unique in the process.
    public var number: Int { self.core.number }

    /// The process id of the server's backend.
    public var backendPID: Int32 { self.core.backendPID }

    /// Whether the session is encrypted.
    public var usesTLS: Bool { self.core.usesTLS }

    /// The server's version as a number: 150004 for 15.4.
    ///
    /// 0 when the connection is closed.
    public var serverVersion: Int {
        self.core.state.withLock { $0.connection.map { Int(PQserverVersion($0)) } ?? 0 }
    }

    /// What the server reported of itself (`server_encoding`, `server_version`, `in_hot_standby` …), or nil.
    public func parameterStatus(_ name: String) -> String? {
        self.core.state.withLock { state in
            state.connection.flatMap { PQparameterStatus($0, name) }.map { String(cString: $0) }
        }
    }
}

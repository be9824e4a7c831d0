// SPDX-License-Identifier: Apache-2.0

package import Libpq
package import Logging
import Synchronization

/// Group commit for everything that the engine writes.
///
/// Rows in, one transaction per batch out, acknowledged when it has committed. The decisions are `WriteQueue`'s; this type
/// owns the connections and carries them out.
///
/// A batch is encoded and sent by the thread that submits the row which sets it off, and its waiters are resumed from the
/// poller's thread. A row that travels alone is awaited by the thread that needs it: a step on an idle engine costs no
/// thread hop at all.
package final class JournalWriter: Sendable {
    /// What the writer tells the engine.
    package struct Events: Sendable {
        /// The fence refused this identity: all its runs are over.
        package var superseded: @Sendable (ExecutorIdentity, LeaseEnding) -> Void

        package init(superseded: @escaping @Sendable (ExecutorIdentity, LeaseEnding) -> Void) {
            self.superseded = superseded
        }
    }

    struct State {
        var queue: WriteQueue<WriteEntry>
        var connections: [PostgresConnection?]
        var executor: ExecutorIdentity?
        /// Whether BEGIN and COMMIT are said, since a session's settings did not hold.
        var isExplicit = false
        var isStopped = false
        var spin: ReplySpin
        var congested: [UnsafeContinuation<Void, Never>] = []
        var drained: [UnsafeContinuation<Void, Never>] = []
        var backlog = BacklogWatch()
    }

    /// From how many waiting bytes on results wait before they are submitted.
    static let highWater = 32 << 20

    let configuration: PostgresConfiguration
    let statements: JournalStatements
    let encoder: BatchEncoder
    let events: Events
    let logger: Logger
    let batchDeadline: Duration
    /// Told of every batch; nil in every service.
    let probe: (any DurabilityProbe)?
    /// Nil when nobody collects metrics.
    let metrics: JournalMetrics?
    let state: Mutex<State>
    /// The run whose row was last sent alone: a hint, without the lock, whether spinning for it may be worth a look.
    let lonely = Atomic<UInt64>(0)

    /// Makes a writer over connections with the engine's settings; `start(as:)` opens its connections.
    package init(
        configuration: PostgresConfiguration,
        statements: JournalStatements,
        connections: Int,
        batchDeadline: Duration,
        spin: ReplySpin = ReplySpin(limit: .zero, processors: 1),
        logger: Logger,
        events: Events,
        metrics: JournalMetrics? = nil,
        probe: (any DurabilityProbe)? = nil
    ) {
        self.configuration = configuration
        self.statements = statements
        self.encoder = BatchEncoder(statements: statements)
        self.events = events
        self.logger = logger
        self.batchDeadline = batchDeadline
        self.probe = probe
        self.metrics = metrics
        self.state = Mutex(
            State(
                queue: WriteQueue(connections: connections),
                connections: Array(repeating: nil, count: connections),
                spin: spin
            )
        )
    }

    // MARK: - Life

    /// Opens the connections.
    ///
    /// Later losses are mended in the background, however long the database is away.
    package func start(as executor: ExecutorIdentity) async throws {
        let count = self.state.withLock { state in
            state.executor = executor
            state.isStopped = false
            return state.connections.count
        }
        for index in 0..<count {
            let connection = try await PostgresConnection.connect(self.configuration)
            self.adopt(connection, at: index)
        }
        self.pump()
    }

    /// Takes on a new identity; rows of runs of the old one are dropped.
    package func become(_ executor: ExecutorIdentity) {
        let dropped = self.state.withLock { state in
            state.executor = executor
            return state.queue.withdraw { $0.lane.executor != executor }
        }
        for entry in dropped { entry.lane.fail(SupersededRun()) }
        self.pump()
    }

    /// Whether nothing waits and nothing is in flight.
    var isIdle: Bool { self.state.withLock { $0.queue.isEmpty } }

    /// Waits until everything submitted so far has found its end.
    package func drain() async {
        await withUnsafeContinuation { (waiter: UnsafeContinuation<Void, Never>) in
            let isDone = self.state.withLock { state in
                if state.queue.isEmpty { return true }
                state.drained.append(waiter)
                return false
            }
            if isDone { waiter.resume() }
        }
    }

    /// For how long a row has waited that was not durable at the last call either; nil when there is none.
    package func backlog() -> Duration? {
        self.state.withLock { $0.backlog.look(at: $0.queue.oldest?.lane, now: .now) }
    }

    /// Closes the connections.
    ///
    /// Rows that still wait are failed: drain first.
    package func stop() {
        let (connections, dropped, waiters) = self.state.withLock { state in
            state.isStopped = true
            let connections = state.connections
            for index in state.connections.indices { state.connections[index] = nil }
            let waiters = state.congested + state.drained
            state.congested = []
            state.drained = []
            return (connections, state.queue.withdraw { _ in true }, waiters)
        }
        for entry in dropped { entry.lane.fail(DurableError(.notRunning, "the engine was stopped")) }
        for waiter in waiters { waiter.resume() }
        for connection in connections { connection?.close() }
    }

    // MARK: - Rows

    private enum Submission {
        case accepted(Int, Transmission?)
        /// The lane has failed before.
        case dropped
        /// The writer is stopped, or works under another identity.
        case refused
    }

    /// Submits a row: from now on it is on its way, after all earlier rows of its run.
    ///
    /// - Returns: The ticket to wait for; nil when the run is over and the row was dropped.
    @discardableResult
    package func submit(_ row: WriteRow, for lane: RunLane) -> Int? {
        let entry = WriteEntry(lane: lane, row: row)
        let submission = self.state.withLock { state -> Submission in
            guard !state.isStopped, lane.executor == state.executor else { return .refused }
            // Under the same lock as the queue: tickets are counted in the order in which rows become durable.
            guard let ticket = lane.submit() else { return .dropped }
            state.queue.submit(entry)
            return .accepted(ticket, self.nextTransmission(&state))
        }
        switch submission {
        case .refused:
            lane.fail(SupersededRun())
            return nil
        case .dropped:
            return nil
        case .accepted(let ticket, let transmission):
            if let transmission { self.transmit(transmission) }
            return ticket
        }
    }

    /// Waits while more bytes wait to be written than memory should hold.
    package func waitForRoom() async {
        while self.state.withLock({ $0.queue.waitingBytes > JournalWriter.highWater && !$0.isStopped }) {
            await withUnsafeContinuation { (waiter: UnsafeContinuation<Void, Never>) in
                let hasRoom = self.state.withLock { state in
                    if state.queue.waitingBytes <= JournalWriter.highWater || state.isStopped { return true }
                    state.congested.append(waiter)
                    return false
                }
                if hasRoom { waiter.resume() }
            }
        }
    }

    func adopt(_ connection: PostgresConnection, at index: Int) {
        let isLate = self.state.withLock { state in
            if state.isStopped { return true }
            state.connections[index] = connection
            state.queue.opened(index)
            return false
        }
        if isLate { connection.close() }
    }
}

/// The run was stopped by another owner of its workflow, or its process was declared dead.
package struct SupersededRun: Error {
    package init() {}
}

extension BatchEncoder.Batch {
    /// Whether every counting statement wrote as many rows as were sent, and an explicit transaction committed.
    func isComplete(_ results: [StatementResult]) -> Bool {
        for expectation in self.expected where results[expectation.statement].affected != expectation.rows {
            return false
        }
        return true
    }
}

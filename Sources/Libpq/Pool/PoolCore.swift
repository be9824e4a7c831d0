// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// The shell around the pool's state machine: decides under the lock, acts outside of it.
final class PoolCore: Sendable {
    private struct State {
        var machine: PoolMachine
        var connections: [Int: PostgresConnection] = [:]
        var waiters: [Int: Waiting] = [:]
        var nextWaiter = 0
        /// Why the last attempt to connect failed, until one succeeds.
        var connectError: PostgresError?
    }

    private struct Waiting {
        let waiter: SingleWaiter<PostgresConnection>
        var timer: Poller.Timer?
    }

    private let configuration: PostgresConfiguration
    private let options: PostgresPoolOptions
    private let poller: Poller
    private let state: Mutex<State>

    init(_ configuration: PostgresConfiguration, _ options: PostgresPoolOptions, _ poller: Poller) {
        self.configuration = configuration
        self.options = options
        self.poller = poller
        self.state = Mutex(State(machine: PoolMachine(options)))
    }

    var usage: (inUse: Int, idle: Int, waiting: Int) {
        self.state.withLock { ($0.machine.leasedCount, $0.machine.idleCount, $0.machine.waitingCount) }
    }

    func start() { self.perform { $0.machine.start() } }

    func shutdown() { self.perform { $0.machine.shutdown() } }

    // MARK: Callers

    func acquire() async throws(PostgresError) -> PostgresConnection {
        let waiter = SingleWaiter<PostgresConnection>()
        let id = self.state.withLock { state in
            defer { state.nextWaiter += 1 }
            return state.nextWaiter
        }
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                waiter.wait(continuation)
                self.enter(id, waiter)
                // Cancelled before it was known here.
                if Task.isCancelled { self.perform { $0.machine.cancelled(id) } }
            }
        } onCancel: {
            self.perform { $0.machine.cancelled(id) }
        }
        return try result.get()
    }

    private func enter(_ id: Int, _ waiter: SingleWaiter<PostgresConnection>) {
        let now = MonotonicClock.now
        self.perform { state in
            state.waiters[id] = Waiting(waiter: waiter)
            let connections = state.connections
            return state.machine.acquire(id, now: now) { connections[$0]?.isIdle ?? false }
        }
        // Most callers are served at once and need no timer.
        let stillWaits = self.state.withLock { $0.waiters[id] != nil }
        guard stillWaits else { return }
        let timer = self.poller.schedule(after: self.options.acquireTimeout) { [weak self] in
            self?.perform { $0.machine.timedOut(id, now: MonotonicClock.now) }
        }
        let isLate = self.state.withLock { state in
            state.waiters[id]?.timer = timer
            return state.waiters[id] == nil
        }
        if isLate { timer.cancel() }
    }

    func release(_ connection: PostgresConnection) {
        let isUsable = connection.isIdle
        self.perform { $0.machine.released(connection.number, isUsable: isUsable, now: MonotonicClock.now) }
    }

    // MARK: Actions

    /// What an action needs of the state, taken under the lock.
    private enum Effect {
        case lease(PostgresConnection, Waiting)
        case fail(Waiting, PostgresError)
        case close(PostgresConnection)
        case connect
        case later(Int64, @Sendable (PoolCore) -> Void)
    }

    private func perform(_ event: (inout State) -> [PoolMachine.Action]) {
        let effects = self.state.withLock { state in
            event(&state).compactMap { self.effect($0, &state) }
        }
        for effect in effects { self.carryOut(effect) }
    }

    private func effect(_ action: PoolMachine.Action, _ state: inout State) -> Effect? {
        switch action {
        case .lease(let number, let id):
            guard let connection = state.connections[number], let waiting = state.waiters.removeValue(forKey: id)
            else { return nil }
            return .lease(connection, waiting)
        case .fail(let id, let failure):
            guard let waiting = state.waiters.removeValue(forKey: id) else { return nil }
            return .fail(waiting, self.error(failure, state.connectError))
        case .close(let number):
            return state.connections.removeValue(forKey: number).map { .close($0) }
        case .connect:
            return .connect
        case .retry(let due):
            return .later(due) { $0.perform { $0.machine.retry() } }
        case .trim(let due):
            return .later(due) { $0.perform { $0.machine.trim(now: MonotonicClock.now) } }
        }
    }

    private func carryOut(_ effect: Effect) {
        switch effect {
        case .lease(let connection, let waiting):
            waiting.timer?.cancel()
            waiting.waiter.resume(.success(connection))
        case .fail(let waiting, let error):
            waiting.timer?.cancel()
            waiting.waiter.resume(.failure(error))
        case .close(let connection):
            connection.close()
        case .connect:
            PostgresConnection.connect(self.configuration, on: self.poller) { [weak self] result in
                self?.connected(result)
            }
        case .later(let due, let work):
            let pause = Duration.nanoseconds(max(0, due - MonotonicClock.now))
            self.poller.schedule(after: pause) { [weak self] in self.map(work) }
        }
    }

    private func connected(_ result: Result<PostgresConnection, PostgresError>) {
        self.perform { state in
            switch result {
            case .success(let connection):
                state.connections[connection.number] = connection
                state.connectError = nil
                return state.machine.connected(connection.number, now: MonotonicClock.now)
            case .failure(let error):
                state.connectError = error
                return state.machine.connectFailed(
                    isFinal: error.isFinal,
                    now: MonotonicClock.now,
                    chance: Double.random(in: 0...1)
                )
            }
        }
    }

    private func error(_ failure: PoolMachine.Failure, _ cause: PostgresError?) -> PostgresError {
        switch failure {
        case .shutdown:
            return PostgresError(.poolShutdown, "the pool has been shut down")
        case .cancelled:
            return PostgresError(.cancelled, "waiting for a connection was cancelled")
        case .refused:
            return cause ?? PostgresError(.connectionFailed, "no connection could be opened")
        case .timeout(let waited, let leased, let maximum, let waiting):
            var words = "no connection became free within \(Duration.nanoseconds(waited).words):"
            words += " \(leased) of at most \(maximum) are in use, \(waiting) other callers wait"
            if let cause { words += "; the last attempt to open one failed: \(cause.message)" }
            return PostgresError(.poolTimeout, words, sqlState: cause?.sqlState, underlying: cause)
        }
    }
}

extension PostgresConnection {
    /// Whether the session is alive and as fresh: nothing under way, no open transaction, nobody listening.
    var isIdle: Bool {
        self.core.state.withLock { state in
            state.connection != nil && state.machine.isIdle && state.transactionStatus == .idle
                && state.subscriptions.isEmpty
        }
    }
}

extension PostgresError {
    /// Whether another attempt to connect would fail in the same way, until a person does something.
    var isFinal: Bool {
        if self.code == .invalidArgument { return true }
        guard let sqlState else { return false }
        // Authentication and authorisation; no such database.
        return sqlState.hasPrefix("28") || sqlState == "3D000" || sqlState == "42501"
    }
}

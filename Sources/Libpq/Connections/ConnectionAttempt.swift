// SPDX-License-Identifier: Apache-2.0

import CLibpq
import Synchronization

/// One attempt to connect.
///
/// The poller waits for the socket; every step of libpq runs on a short-lived thread of its own, because name
/// resolution, TLS and password hashing may take long and nothing may hold up the poller.
final class ConnectionAttempt: PollerSource {
    private struct State {
        var connection: Established?
        var registration: (descriptor: Int32, id: UInt64)?
        /// A helper thread is inside libpq; the connection is its own meanwhile.
        var isStepping = true
        var timer: UInt64?
        /// The host that libpq is at, and since when.
        var host = ""
        var hostSince = MonotonicClock.now
        let due: Int64
        var completion: (@Sendable (Result<Established, PostgresError>) -> Void)?
    }

    /// A connection that libpq has established.
    ///
    /// `@unchecked Sendable`: it is handed from the attempt to its connection, and nobody else refers to it.
    struct Established: @unchecked Sendable {
        let pointer: OpaquePointer
    }

    private let poller: PollerCore
    private let parameters: ConnectionParameters
    private let state: Mutex<State>

    static func start(
        _ parameters: ConnectionParameters,
        on poller: PollerCore,
        completion: @escaping @Sendable (Result<Established, PostgresError>) -> Void
    ) {
        let attempt = ConnectionAttempt(parameters, poller, completion)
        guard poller.isRunning else {
            return attempt.finish(
                .failure(PostgresError(.connectionFailed, "the poller's thread could not be started"))
            )
        }
        attempt.state.withLock { attempt.armTimer(&$0, MonotonicClock.now(plus: parameters.perHost)) }
        attempt.onHelper { attempt.begin(nil) }
    }

    private init(
        _ parameters: ConnectionParameters,
        _ poller: PollerCore,
        _ completion: @escaping @Sendable (Result<Established, PostgresError>) -> Void
    ) {
        self.parameters = parameters
        self.poller = poller
        self.state = Mutex(State(due: MonotonicClock.now(plus: parameters.timeout), completion: completion))
    }

    // MARK: Steps, on helper threads

    private func begin(_ hosts: RemainingHosts?) {
        let connection = self.parameters.withArrays(hosts: hosts) { PQconnectStartParams($0, $1, 1) }
        guard let connection else {
            return self.finish(.failure(PostgresError(.connectionFailed, "libpq is out of memory")))
        }
        // Verbose messages carry the SQLSTATE, which libpq offers in no other way while connecting.
        PQsetErrorVerbosity(connection, PQERRORS_VERBOSE)
        PQsetNoticeReceiver(connection, { _, _ in }, nil)
        let established = Established(pointer: connection)
        self.state.withLock { $0.connection = established }
        if PQstatus(connection) == CONNECTION_BAD { return self.failed(connection) }
        self.wait(connection, for: .write)
    }

    private func step() {
        guard let connection = self.state.withLock({ $0.connection })?.pointer else { return }
        switch PQconnectPoll(connection) {
        case PGRES_POLLING_OK: self.established(connection)
        case PGRES_POLLING_READING: self.wait(connection, for: .read)
        case PGRES_POLLING_WRITING: self.wait(connection, for: .write)
        default: self.failed(connection)
        }
    }

    /// Watches the socket, which may be another one than before (the next host).
    private func wait(_ connection: OpaquePointer, for interest: Readiness) {
        let descriptor = PQsocket(connection)
        let host = PostgresError.place(connection)
        let isRegistered = self.state.withLock { state in
            state.isStepping = false
            guard state.completion != nil else { return true }
            if state.host != host {
                state.host = host
                state.hostSince = MonotonicClock.now
            }
            // Under the lock, so that an event cannot come before the registration is known.
            guard let id = self.poller.register(descriptor, interest: interest, self) else { return false }
            state.registration = (descriptor, id)
            return true
        }
        if !isRegistered {
            self.finish(.failure(PostgresError(.connectionFailed, "the socket cannot be watched")))
        }
        // The time may have run out while libpq was busy.
        self.discardIfOver()
    }

    private func established(_ connection: OpaquePointer) {
        PQsetErrorVerbosity(connection, PQERRORS_DEFAULT)
        let completion = self.state.withLock { state in
            state.isStepping = false
            defer { state.completion = nil }
            if state.completion != nil { state.connection = nil }
            return state.completion
        }
        self.cancelTimer()
        guard let completion else { return self.discardIfOver() }
        completion(.success(Established(pointer: connection)))
    }

    private func failed(_ connection: OpaquePointer) {
        let error = PostgresError(connecting: connection)
        self.state.withLock { $0.isStepping = false }
        self.finish(.failure(error))
    }

    // MARK: Events, on the poller's thread

    func ready(_ readiness: Readiness) {
        let isMine = self.state.withLock { state in
            guard let registration = state.registration else { return false }
            // libpq may close the socket in its next step, so it must be forgotten before.
            self.poller.deregister(registration.descriptor, id: registration.id)
            state.registration = nil
            state.isStepping = true
            return true
        }
        if isMine { self.onHelper { self.step() } }
    }

    /// Under the lock.
    private func armTimer(_ state: inout State, _ due: Int64) {
        state.timer = self.poller.schedule(due: min(due, state.due)) { self.timerFired() }
    }

    /// The time of a host is over, or that of the whole attempt.
    private func timerFired() {
        enum Verdict {
            case patience
            case next(Established, RemainingHosts)
            case failure(String?)
        }
        let verdict = self.state.withLock { state -> Verdict in
            state.timer = nil
            guard state.completion != nil else { return .patience }
            let now = MonotonicClock.now
            // While a helper is inside libpq nobody else may look at the connection.
            let connection = state.isStepping ? nil : state.connection
            guard now < state.due else { return .failure(connection.map { PostgresError.place($0.pointer) }) }
            let (hostDue, overflow) = state.hostSince.addingReportingOverflow(self.parameters.perHost.nanoseconds)
            guard let connection, !overflow, hostDue <= now, let rest = RemainingHosts(behind: connection.pointer)
            else {
                self.armTimer(&state, hostDue > now && !overflow ? hostDue : state.due)
                return .patience
            }
            if let registration = state.registration {
                self.poller.deregister(registration.descriptor, id: registration.id)
            }
            state.registration = nil
            state.connection = nil
            state.isStepping = true
            state.hostSince = now
            self.armTimer(&state, MonotonicClock.now(plus: self.parameters.perHost))
            return .next(connection, rest)
        }
        switch verdict {
        case .patience: break
        case .next(let connection, let rest):
            self.onHelper {
                PQfinish(connection.pointer)
                self.begin(rest)
            }
        case .failure(let place):
            let words = "no connection within \(self.parameters.timeout.words)"
            let message = place.map { "cannot connect to \($0): \(words)" } ?? words
            self.finish(.failure(PostgresError(.connectionFailed, message)))
        }
    }

    // MARK: The end

    private func finish(_ result: Result<Established, PostgresError>) {
        let completion = self.state.withLock { state in
            defer { state.completion = nil }
            return state.completion
        }
        self.cancelTimer()
        self.discardIfOver()
        completion?(result)
    }

    private func cancelTimer() {
        let timer = self.state.withLock { state in
            defer { state.timer = nil }
            return state.timer
        }
        if let timer { self.poller.cancel(timer) }
    }

    /// Frees the connection when nobody wants it any more; a helper that is still inside libpq does it when it comes out.
    private func discardIfOver() {
        self.state.withLock { state in
            guard state.completion == nil, !state.isStepping, let connection = state.connection else { return }
            if let registration = state.registration {
                self.poller.deregister(registration.descriptor, id: registration.id)
                state.registration = nil
            }
            state.connection = nil
            PQfinish(connection.pointer)
        }
    }

    private func onHelper(_ body: @escaping @Sendable () -> Void) {
        if HelperThread.start("postgres-open", body) { return }
        self.state.withLock { $0.isStepping = false }
        self.finish(.failure(PostgresError(.connectionFailed, "the system has no thread left to connect with")))
    }
}

// SPDX-License-Identifier: Apache-2.0

import CLibpq
import DequeModule
import Synchronization

/// The inside of a connection: what the poller refers to, so that a connection that nobody refers to any more can be closed.
///
/// All calls of libpq are made under the mutex. Completions and the observer are called outside of it.
final class ConnectionCore: PollerSource {
    typealias Completion = @Sendable (Result<[StatementResult], PostgresError>) -> Void

    /// A request that was handed to libpq and is not complete.
    struct Outstanding {
        let id: UInt64
        let statements: [Statement]
        let deadline: Int64
        let completion: Completion?
        /// What this request prepares, by the index of its statement.
        var candidates: [(statement: Int, candidate: PreparedStatements.Candidate)] = []
        var results: [StatementResult] = []
        var error: PostgresError?
        /// What the server said when it hung up on this request.
        var farewell: PostgresError?
        /// Its task was cancelled before the request was the server's current one.
        var isCancelled = false
    }

    /// A request that is over, and whom to tell.
    struct Finished {
        let outstanding: Outstanding
        let result: Result<[StatementResult], PostgresError>
    }

    struct State {
        var connection: OpaquePointer?
        var registration: UInt64 = 0
        var descriptor: Int32 = -1
        var interest: Readiness = .read
        var machine = PipelineMachine()
        var outstanding: Deque<Outstanding> = []
        var prepared: PreparedStatements
        var nextRequest: UInt64 = 1
        /// When the timer for the earliest deadline fires, and its id.
        var timer: (due: Int64, id: UInt64)?
        var transactionStatus = PostgresTransactionStatus.idle
        /// Why the connection is gone, if it is.
        var closed: PostgresError?
        var subscriptions = NotificationHub()
        /// Requests that a helper thread is asking the server to cancel, and what they ended with in the meantime.
        var cancelling: [UInt64: Finished?] = [:]
    }

    private static let lastNumber = Atomic<Int>(0)

    /// Unique in the process.
    let number: Int
    let poller: PollerCore
    let configuration: PostgresConfiguration
    let backendPID: Int32
    /// Where the connection leads to, for messages.
    let place: String
    let usesTLS: Bool
    let state: Mutex<State>

    init(_ established: ConnectionAttempt.Established, _ configuration: PostgresConfiguration, _ poller: PollerCore) {
        let connection = established.pointer
        self.number = Self.lastNumber.add(1, ordering: .relaxed).newValue
        self.poller = poller
        self.configuration = configuration
        self.backendPID = PQbackendPID(connection)
        self.place = PostgresError.place(connection)
        self.usesTLS = PQsslInUse(connection) == 1
        let limit = if case .named(let limit) = configuration.statementCache { limit } else { 1 }
        self.state = Mutex(State(prepared: PreparedStatements(limit: limit)))
        self.adopt(established)
    }

    /// Puts the connection into pipeline mode and has it watched.
    ///
    /// If that fails it is closed at once, and says so when it is used.
    private func adopt(_ established: ConnectionAttempt.Established) {
        self.state.withLock { state in
            let connection = established.pointer
            state.connection = connection
            state.descriptor = PQsocket(connection)
            let isReady = PQsetnonblocking(connection, 1) == 0 && PQenterPipelineMode(connection) == 1
            if isReady, let id = self.poller.register(state.descriptor, interest: .read, self) {
                state.registration = id
                return
            }
            let reason = isReady ? "its socket cannot be watched" : Self.message(connection)
            state.closed = self.lost("the connection to \(self.place) could not be used: \(reason)")
            PQfinish(connection)
            state.connection = nil
        }
    }

    deinit {
        // Only a core that nobody closed comes here with a connection; the poller no longer refers to it then.
        self.state.withLock { state in
            if let connection = state.connection { PQfinish(connection) }
            state.connection = nil
        }
    }

    // MARK: Events, on the poller's thread

    func ready(_ readiness: Readiness) {
        let (finished, notifications) = self.state.withLock { state -> ([Finished], [PendingNotification]) in
            guard let connection = state.connection else { return ([], []) }
            var failure: PostgresError?
            if PQconsumeInput(connection) == 0 {
                failure = self.lost("the connection to \(self.place) was lost: \(Self.message(connection))")
            } else if self.usesTLS {
                // What OpenSSL holds decrypted makes no socket readable.
                while TLS.hasPending(connection), PQconsumeInput(connection) == 1 {}
            }
            if state.interest.contains(.write), failure == nil { self.flush(&state, connection) }
            var finished = self.drain(&state, connection)
            let notifications = self.takeNotifications(&state, connection)
            if failure == nil, PQstatus(connection) == CONNECTION_BAD {
                failure = self.lost("the connection to \(self.place) was lost: \(Self.message(connection))")
            }
            if let failure, state.closed == nil { finished += self.close(&state, failure) }
            return (finished, notifications)
        }
        self.tell(finished)
        for notification in notifications { notification.deliver() }
    }

    /// Writes what is left, and watches for room while something is.
    func flush(_ state: inout State, _ connection: OpaquePointer) {
        // -1 means that the connection is broken: the next read tells why.
        let wanted: Readiness = PQflush(connection) == 1 ? [.read, .write] : .read
        guard wanted != state.interest else { return }
        state.interest = wanted
        self.poller.modify(state.descriptor, id: state.registration, interest: wanted)
    }

    /// Takes every result that has arrived.
    ///
    /// Returns the requests that are complete.
    private func drain(_ state: inout State, _ connection: OpaquePointer) -> [Finished] {
        var finished: [Finished] = []
        var ends = 0
        while !state.machine.isIdle, PQisBusy(connection) == 0 {
            guard let result = PQgetResult(connection) else {
                // Nil ends the results of one command. Several in a row mean that libpq has nothing more for now.
                ends += 1
                if ends > 2 { break }
                _ = state.machine.received(.end)
                continue
            }
            ends = 0
            let event = Self.event(result)
            if event == .error, PostgresError.endsSession(result) {
                // The server has hung up, or libpq says so in its own words. The bookkeeping ends here; the first reason counts.
                if state.outstanding[0].farewell == nil {
                    state.outstanding[0].farewell = PostgresError(result: result)
                }
                PQclear(result)
                break
            }
            let action = state.machine.received(event)
            if let complete = self.perform(action, result, &state, connection) { finished.append(complete) }
            if state.connection == nil { return finished + self.close(&state, state.closed ?? self.lost("closed")) }
        }
        return finished
    }

    private static func event(_ result: OpaquePointer) -> PipelineMachine.Event {
        switch PQresultStatus(result) {
        case PGRES_COMMAND_OK, PGRES_TUPLES_OK, PGRES_EMPTY_QUERY: .success
        case PGRES_PIPELINE_SYNC: .sync
        case PGRES_PIPELINE_ABORTED: .aborted
        case PGRES_COPY_IN, PGRES_COPY_OUT, PGRES_COPY_BOTH: .unsupported
        default: .error
        }
    }

    /// Carries out what the machine decided; takes over the result.
    private func perform(
        _ action: PipelineMachine.Action,
        _ result: OpaquePointer,
        _ state: inout State,
        _ connection: OpaquePointer
    ) -> Finished? {
        switch action {
        case .answered:
            state.outstanding[0].results.append(StatementResult(owning: result))
            return nil
        case .prepared(let statement):
            for (index, candidate) in state.outstanding[0].candidates where index == statement {
                state.prepared.confirm(candidate)
            }
        case .failed(let statement, let step):
            self.recordFailure(PostgresError(result: result), statement, step, &state)
        case .finished:
            let status = PostgresTransactionStatus(PQtransactionStatus(connection))
            // While later requests are under way libpq only knows that something is.
            if status != .active { state.transactionStatus = status }
            PQclear(result)
            return self.finishFirst(&state)
        case .violation(let words):
            PQclear(result)
            var error = PostgresError(.protocolViolation, "\(words); the connection was closed")
            error.isConnectionLost = true
            error.isOutcomeUnknown = true
            state.closed = error
            self.disconnect(&state)
            return nil
        case .none:
            break
        }
        PQclear(result)
        return nil
    }

    private func recordFailure(
        _ error: PostgresError,
        _ index: Int,
        _ step: PipelineMachine.Step,
        _ state: inout State
    ) {
        var error = error
        if state.outstanding[0].statements.indices.contains(index) {
            let statement = state.outstanding[0].statements[index]
            error.statementIndex = index
            error.statement = statement.sql
            // The plan no longer fits the table, or the name is gone: the next use prepares the text again.
            if step == .execute(statement: index), let sqlState = error.sqlState,
                sqlState == "26000" || sqlState == "0A000"
            {
                state.prepared.forget(statement.source, serverHolds: sqlState == "0A000")
            }
        }
        state.outstanding[0].error = error
    }

    private func finishFirst(_ state: inout State) -> Finished? {
        guard let first = state.outstanding.popFirst() else { return nil }
        if let next = state.outstanding.first, next.isCancelled { self.cancelCurrent(&state, next.id) }
        let result: Result<[StatementResult], PostgresError> =
            if let error = first.error { .failure(error) } else { .success(first.results) }
        let finished = Finished(outstanding: first, result: result)
        // Whoever waits would send the next statement, and the cancel request that is on its way would hit that one.
        guard state.cancelling[first.id] == nil else {
            state.cancelling[first.id] = .some(.some(finished))
            return nil
        }
        return finished
    }
}

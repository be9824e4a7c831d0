// SPDX-License-Identifier: Apache-2.0

import CLibpq
import DequeModule
import Synchronization

extension ConnectionCore {
    /// Closes the connection from outside; the requests fail on the poller's thread.
    func close(_ words: String) {
        let finished = self.state.withLock { state -> [Finished] in
            guard state.connection != nil else { return [] }
            return self.close(&state, self.lost(words))
        }
        if !finished.isEmpty { self.poller.execute { self.tell(finished) } }
    }

    /// Closes the connection and returns every request that is thereby over.
    func close(_ state: inout State, _ error: PostgresError) -> [Finished] {
        state.closed = state.closed ?? error
        self.disconnect(&state)
        let requests = state.outstanding
        state.outstanding = []
        state.machine = PipelineMachine()
        let hub = state.subscriptions
        state.subscriptions = NotificationHub()
        if !hub.isEmpty {
            let closed = state.closed
            self.poller.execute { hub.finish(closed) }
        }
        return requests.map { request in
            var failure = state.closed ?? error
            // What the server said before it hung up is the better reason (terminated by an administrator, shutting down).
            if let said = request.farewell, said.sqlState != nil {
                failure.message = said.message
                failure.sqlState = said.sqlState
                failure.detail = said.detail
                failure.hint = said.hint
            }
            failure.statement = request.statements.first?.sql
            return Finished(outstanding: request, result: .failure(failure))
        }
    }

    func disconnect(_ state: inout State) {
        guard let connection = state.connection else { return }
        self.poller.deregister(state.descriptor, id: state.registration)
        if let timer = state.timer { self.poller.cancel(timer.id) }
        state.timer = nil
        state.connection = nil
        PQfinish(connection)
    }

    /// Tells the observer and the waiters.
    ///
    /// Outside of the lock, on the poller's thread.
    func tell(_ finished: [Finished]) {
        for request in finished {
            if let observer = self.configuration.observer, request.outstanding.completion != nil {
                let phase: StatementEvent.Phase = if case .success = request.result { .completed } else { .failed }
                let statements = request.outstanding.statements.map(\.sql)
                observer(StatementEvent(phase: phase, connection: self.number, statements: statements))
            }
            request.outstanding.completion?(request.result)
        }
    }

    /// The error of requests that were under way when the connection went.
    func lost(_ message: String, code: PostgresError.Code = .connectionLost) -> PostgresError {
        var error = PostgresError(code, message)
        error.isConnectionLost = true
        error.isOutcomeUnknown = true
        return error
    }

    static func message(_ connection: OpaquePointer) -> String {
        let message = PQerrorMessage(connection).map { String(cString: $0).trimmed } ?? ""
        let lines = message.split(whereSeparator: \.isNewline).map { String($0).trimmed }
        return lines.isEmpty ? "no reason was given" : lines.joined(separator: "; ")
    }
}

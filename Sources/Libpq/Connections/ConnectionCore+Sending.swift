// SPDX-License-Identifier: Apache-2.0

import CLibpq
import DequeModule
import Synchronization

extension ConnectionCore {
    /// Hands a pipeline to libpq and writes it, on the calling thread.
    ///
    /// Returns the request's id, or nil if it was refused. `before` runs under the lock, ahead of the first byte.
    @discardableResult
    func send(
        _ statements: [Statement],
        deadline: Duration?,
        before: (inout State) -> Void = { _ in },
        completion: @escaping Completion
    ) -> UInt64? {
        if let problem = Self.problem(statements) {
            self.refuse(problem, completion)
            return nil
        }
        self.configuration.observer?(
            StatementEvent(phase: .sending, connection: self.number, statements: statements.map(\.sql))
        )
        let limit = (deadline ?? self.configuration.requestTimeout).map { MonotonicClock.now(plus: $0) }
        let (id, failed) = self.state.withLock { state -> (UInt64?, [Finished]) in
            guard let connection = state.connection else {
                let request = Outstanding(id: 0, statements: statements, deadline: .max, completion: completion)
                return (nil, [Finished(outstanding: request, result: .failure(self.closedError(state)))])
            }
            before(&state)
            if state.machine.isIdle, state.transactionStatus == .idle { self.sendDeallocations(&state, connection) }
            let id = state.nextRequest
            state.nextRequest += 1
            let request = Outstanding(
                id: id,
                statements: statements,
                deadline: limit ?? .max,
                completion: completion
            )
            if !self.hand(request, to: connection, &state) {
                let reason = Self.message(connection)
                return (id, self.close(&state, self.lost("the request could not be sent to \(self.place): \(reason)")))
            }
            if let limit { self.armTimer(&state, limit) }
            return (id, [])
        }
        if !failed.isEmpty { self.poller.execute { self.tell(failed) } }
        return id
    }

    private static func problem(_ statements: [Statement]) -> PostgresError? {
        if statements.isEmpty { return PostgresError(.invalidArgument, "the pipeline holds no statement") }
        for (index, statement) in statements.enumerated() {
            if var problem = statement.problem() {
                problem.statement = statement.sql
                problem.statementIndex = index
                return problem
            }
        }
        return nil
    }

    private func refuse(_ error: PostgresError, _ completion: @escaping Completion) {
        self.poller.execute { completion(.failure(error)) }
    }

    private func closedError(_ state: State) -> PostgresError {
        var error = PostgresError(.connectionClosed, state.closed?.message ?? "the connection has been closed")
        error.sqlState = state.closed?.sqlState
        error.isConnectionLost = true
        return error
    }

    // MARK: Under the lock

    /// Queues a request in libpq, prepares included, and writes what the socket takes.
    ///
    /// False if libpq refuses; the connection is useless then.
    private func hand(_ request: Outstanding, to connection: OpaquePointer, _ state: inout State) -> Bool {
        var request = request
        var steps: [PipelineMachine.Step] = []
        steps.reserveCapacity(request.statements.count)
        var isAccepted = true
        for (index, statement) in request.statements.enumerated() where isAccepted {
            isAccepted = self.hand(statement, index, &request, &steps, connection, &state)
        }
        isAccepted = isAccepted && PQpipelineSync(connection) == 1
        state.outstanding.append(request)
        state.machine.sent(steps)
        guard isAccepted else { return false }
        self.flush(&state, connection)
        // A large send may have read replies on the way, and then no socket event announces them.
        if PQisBusy(connection) == 0 { self.poller.execute { self.ready(.read) } }
        return true
    }

    private func hand(
        _ statement: Statement,
        _ index: Int,
        _ request: inout Outstanding,
        _ steps: inout [PipelineMachine.Step],
        _ connection: OpaquePointer,
        _ state: inout State
    ) -> Bool {
        guard self.configuration.statementCache != .disabled else {
            steps.append(.execute(statement: index))
            return Self.withTypes(statement.declaredTypes) { types in
                BoundParameters.with(statement.parameters) {
                    PQsendQueryParams(
                        connection,
                        statement.sql,
                        $0.count,
                        types,
                        $0.values,
                        $0.lengths,
                        $0.formats,
                        1
                    )
                }
            } == 1
        }
        let name: String
        if let known = state.prepared.name(statement.source, statement.parameters) {
            name = known
        } else {
            let candidate = state.prepared.candidate(statement.source, statement.parameters)
            if let same = request.candidates.first(where: { $0.candidate.isSame(as: candidate) }) {
                // An earlier statement of this request prepares it; if that fails this one is not run either.
                name = same.candidate.name
            } else {
                let prepared = Self.withTypes(candidate.types) {
                    PQsendPrepare(connection, candidate.name, statement.sql, Int32(clamping: candidate.types.count), $0)
                }
                guard prepared == 1 else { return false }
                steps.append(.prepare(statement: index))
                request.candidates.append((index, candidate))
                name = candidate.name
            }
        }
        steps.append(.execute(statement: index))
        return BoundParameters.with(statement.parameters) {
            PQsendQueryPrepared(connection, name, $0.count, $0.values, $0.lengths, $0.formats, 1)
        } == 1
    }

    private static func withTypes<R>(_ types: [PostgresType], _ body: (UnsafePointer<UInt32>?) -> R) -> R {
        guard !types.isEmpty else { return body(nil) }
        return withUnsafeTemporaryAllocation(of: UInt32.self, capacity: types.count) { oids in
            for (index, type) in types.enumerated() { oids.initializeElement(at: index, to: type.oid) }
            return body(UnsafePointer(oids.baseAddress))
        }
    }

    /// Frees what the cache has dropped.
    ///
    /// As a request of its own, and only while the session is at rest: an error in it must not spoil anybody's
    /// transaction.
    private func sendDeallocations(_ state: inout State, _ connection: OpaquePointer) {
        let names = state.prepared.takeDiscarded()
        guard !names.isEmpty else { return }
        for name in names {
            let sql = "DEALLOCATE \(name)"
            guard PQsendQueryParams(connection, sql, 0, nil, nil, nil, nil, 1) == 1, PQpipelineSync(connection) == 1
            else { return }
            state.outstanding.append(
                Outstanding(id: 0, statements: [Statement(Query(sql))], deadline: .max, completion: nil)
            )
            state.machine.sent([.execute(statement: 0)])
        }
    }

    // MARK: Deadlines

    /// One timer serves all requests of the connection: it fires at the earliest deadline and looks what is due.
    private func armTimer(_ state: inout State, _ due: Int64) {
        if let timer = state.timer {
            if timer.due <= due { return }
            self.poller.cancel(timer.id)
        }
        state.timer = (due, self.poller.schedule(due: due) { [weak self] in self?.timerFired() })
    }

    private func timerFired() {
        let finished = self.state.withLock { state -> [Finished] in
            state.timer = nil
            guard state.connection != nil else { return [] }
            let earliest = state.outstanding.map(\.deadline).min() ?? .max
            if earliest > MonotonicClock.now {
                if earliest < .max { self.armTimer(&state, earliest) }
                return []
            }
            let words = "no reply from \(self.place) within the request's deadline; the connection was closed"
            return self.close(&state, self.lost(words, code: .timeout))
        }
        self.tell(finished)
    }
}

extension PreparedStatements.Candidate {
    /// Whether another candidate is the same text for the same types, under whatever name.
    func isSame(as other: Self) -> Bool { self.key == other.key && self.types == other.types }
}

extension Statement {
    /// The types to declare to the server.
    var declaredTypes: [PostgresType] {
        if case .text(let text) = self.source, !text.types.isEmpty { return text.types }
        return self.parameters.map(\.type)
    }
}

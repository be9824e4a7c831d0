// SPDX-License-Identifier: Apache-2.0

import Libpq
import Logging

/// One transaction step: opens the transaction behind the fence, runs the body, and commits its rows with the checkpoint.
///
/// Trouble that is not the body's doing repeats it without counting as an attempt: a serialization failure, a deadlock, a lost
/// connection. A lost reply to COMMIT is settled by asking the journal.
struct TransactionStep {
    let call: LiveCall
    let isolation: PostgresIsolation
    let context: WorkflowContext

    /// How often serialization failures and deadlocks are repeated before they count as the step's failure.
    private static let conflictLimit = 50

    private var engine: EngineCore { self.context.engine }
    private var run: Run { self.context.run }

    /// - Throws: `AlreadyRecorded` when the place holds this workflow's own record after all; the body's error; or
    ///   `WorkflowInterruption`.
    func perform<T: Encodable & Sendable>(
        _ attempts: Attempts,
        _ body: @escaping @Sendable @concurrent (Transaction) async throws -> T
    ) async throws -> T {
        var conflicts = 0
        var losses = 0
        while true {
            let trouble: any Error
            do {
                return try await self.engine.pool.withConnection { connection in
                    self.engine.transactionSpin.began()
                    defer { self.engine.transactionSpin.ended() }
                    return try await self.once(on: connection, attempts, body)
                }
            } catch let unknown as UnknownCommit {
                try await self.settle(unknown)
                trouble = unknown.underlying
            } catch let error as PostgresError where error.isConflict && conflicts < Self.conflictLimit {
                conflicts += 1
                trouble = error
            } catch let error as PostgresError where error.isUnavailable {
                if losses == 0 {
                    self.run.logger.warning("transaction.database_unavailable", metadata: ["error": "\(error)"])
                }
                losses += 1
                trouble = error
            }
            try self.context.checkAlive()
            self.run.logger.debug("transaction.repeated", metadata: ["error": "\(trouble)"])
            await Backoff.pause(conflicts + losses)
            try await self.run.readyForEffect(after: self.context.lastTicket)
        }
    }

    private func once<T: Encodable & Sendable>(
        on connection: PostgresConnection,
        _ attempts: Attempts,
        _ body: @escaping @Sendable @concurrent (Transaction) async throws -> T
    ) async throws -> T {
        let way = self.way(over: connection)
        let transaction = Transaction(
            connection: connection,
            preamble: [Statement(TransactionStatements.begin(self.isolation)), self.fence(way)],
            workflow: self.run.id,
            step: self.call.label,
            engine: self.engine
        )
        let value: T
        let record: JournalRecord
        do {
            // Unsafe to the compiler only: the body has it alone until it has returned.
            nonisolated(unsafe) let lent = transaction
            let (call, run) = (self.call, self.run)
            value = try await self.context.standingIn(for: call, attempts.number) {
                try await run.surrounded(StepCall(call, attempt: attempts.number, run: run)) { try await body(lent) }
            }
            if let misuse = transaction.misuse { throw misuse }
            let output = try self.context.encode(value, of: self.call)
            try self.context.checkMayRecord()
            record = attempts.success(output, context: self.context)
        } catch {
            transaction.end()
            if transaction.hasBegun { await self.rollBack(connection) }
            throw self.translate(error, after: transaction.failure, on: connection)
        }
        transaction.end()
        // Also when the reply to the COMMIT is lost: a hint too many costs nothing.
        defer {
            if transaction.hasSent { self.engine.directory.notifier.post(.inbox) }
            if !transaction.enqueued.isEmpty { self.engine.directory.notifier.post(.claim) }
        }
        try await self.commit(record, transaction, way, on: connection)
        transaction.enqueuing.announce(transaction.enqueued)
        self.context.clock = record.at
        self.run.metrics?.succeeded(record)
        return value
    }

    /// The checkpoint and COMMIT in one pipeline.
    ///
    /// Only the tag COMMIT is success: a failed transaction answers ROLLBACK.
    private func commit(
        _ record: JournalRecord,
        _ transaction: Transaction,
        _ way: SessionFence.Way,
        on connection: PostgresConnection
    ) async throws {
        let results: [StatementResult]
        do {
            self.engine.options.hooks?.probe?.willCommit(self.run.id, record)
            // Not cancelled with the task: half a commit helps nobody.
            results = try await transaction.commit(
                with: [self.statement(for: record)] + self.hold(way) + [Statement(TransactionStatements.commit)]
            )
        } catch let error as PostgresError {
            if error.isOutcomeUnknown {
                let session = LostSession(of: connection, with: self.run.lane.executor)
                throw UnknownCommit(underlying: error, session: session)
            }
            await self.rollBack(connection)
            if error.isOfJournalKey { throw UnknownCommit(underlying: error) }
            if error.sqlState == "25P02" { throw self.swallowed(transaction.failure, on: connection) }
            throw self.translate(error, on: connection)
        }
        guard results.last?.tag == "COMMIT" else { throw self.swallowed(transaction.failure, on: connection) }
        if case .callAndHold = way {
            // A reply that does not decode is one that does not hold.
            let proof = try? results.dropLast().last?.rows.first?.decode(0, as: String?.self)
            connection.withSessionFence { $0.answered(proof, for: self.run.lane.executor) }
        }
        if let probe = self.engine.options.hooks?.probe, probe.isCut(after: self.run.id, record) {
            throw UnknownCommit(underlying: PostgresError.connectionLost(underlying: CancellationError()))
        }
        self.context.checkpointed(record.place, phase: record.phase)
    }

    /// A statement had failed, and the body went on as if it had not.
    private func swallowed(_ failure: PostgresError?, on connection: PostgresConnection) -> any Error {
        if let failure, failure.isPassing || LeaseEnding(refusal: failure) != nil {
            return self.translate(failure, on: connection)
        }
        return DurableError(
            .transactionMisuse,
            "a statement of the transaction had failed and the body went on; nothing of it was committed",
            workflow: self.run.id,
            step: self.call.label,
            underlying: failure
        )
    }

    /// Asks the journal what became of a commit whose reply was lost, or who wrote the place.
    private func settle(_ unknown: UnknownCommit) async throws {
        guard Protection.firstWriter.isOn else { return }
        var session = unknown.session
        var tries = 0
        while true {
            try self.context.checkAlive()
            do {
                try await self.end(session)
                session = nil
                let place = PlaceInJournal(place: self.call.place, run: self.run, engine: self.engine)
                guard let record = try await place.ownRecord(kind: self.call.kind, name: self.call.name) else { return }
                throw AlreadyRecorded(record: record)
            } catch let error as PostgresError where error.isUnavailable {
                tries += 1
                await Backoff.pause(tries)
            }
        }
    }

    private func end(_ session: LostSession?) async throws {
        guard let session else { return }
        let isWanted = {
            try self.context.checkAlive()
            return true
        }
        try await session.end(logger: self.run.logger, while: isWanted) {
            try await self.engine.pool.run($0, deadline: $1)
        }
    }

    // MARK: - The fence

    private func way(over connection: PostgresConnection) -> SessionFence.Way {
        guard self.isolation == .readCommitted else { return .call }
        return connection.withSessionFence { $0.way(for: self.run.lane.executor) }
    }

    private var identity: [Parameter] {
        let executor = self.run.lane.executor
        return [Parameter(executor.number), Parameter(executor.epoch), Parameter(executor.server)]
    }

    private func fence(_ way: SessionFence.Way) -> Statement {
        let statements = self.engine.transactions
        if case .held(let proof) = way { return Statement(statements.heldFence, self.identity + [Parameter(proof)]) }
        return Statement(
            self.isolation == .readCommitted ? statements.fence : statements.strictFence,
            self.identity
        )
    }

    /// With the record, so that nothing holds the fence but what has committed.
    private func hold(_ way: SessionFence.Way) -> [Statement] {
        guard case .callAndHold(let backend) = way else { return [] }
        return [Statement(self.engine.transactions.holdFence, self.identity + [Parameter(backend)])]
    }

    // MARK: - The record

    private func statement(for record: JournalRecord) -> Statement {
        let lane = self.run.lane
        var output = Parameter.null(.json)
        if case .bytes(let bytes) = record.output { output = Parameter(bytes: bytes, type: .json) }
        return Statement(
            self.engine.transactions.record,
            [
                Parameter(lane.workflow), Parameter(record.place.scope), Parameter(record.place.position),
                Parameter(record.kind.rawValue), Parameter(record.attempt), Parameter(lane.executor.number),
                Parameter(lane.token), Parameter(microseconds: record.at), Parameter(record.seconds ?? 0),
                Parameter(record.name), output, record.fingerprint.map { Parameter($0) } ?? .null(.int8),
            ]
        )
    }

    private func rollBack(_ connection: PostgresConnection) async {
        guard !connection.isClosed else { return }
        await withUnsafeContinuation { (waiter: UnsafeContinuation<Void, Never>) in
            connection.send(Pipeline([Statement(TransactionStatements.rollback)]), deadline: .seconds(10)) { result in
                // A session whose state is not known is of no use to anybody else.
                if case .failure = result { connection.close() }
                waiter.resume()
            }
        }
    }

    /// What the fence refused ends the run; a lost connection, a full disk, or another transaction that won is not the body's
    /// failure, whatever the body made of it.
    ///
    /// - Parameter failure: What the transaction's last statement failed with.
    private func translate(
        _ error: any Error,
        after failure: PostgresError? = nil,
        on connection: PostgresConnection
    ) -> any Error {
        if let ending = LeaseEnding(refusal: failure ?? error) {
            self.engine.executor.refused(self.run.lane.executor, ending)
            self.run.interrupt(Run.Interruption(cause: .superseded))
            return self.run.interruptionError
        }
        if let failure, failure.isPassing { return failure }
        // The driver closed it over a statement that it does not support: another connection would not help.
        if (error as? PostgresError)?.code == .protocolViolation { return error }
        if connection.isClosed, !(error is WorkflowInterruption), !((error as? PostgresError)?.isUnavailable ?? false) {
            return PostgresError.connectionLost(underlying: error)
        }
        return error
    }
}

/// A COMMIT whose fate must be read from the journal.
struct UnknownCommit: Error {
    let underlying: any Error
    /// Where it may yet be carried out; nil where that is over.
    var session: LostSession?
}

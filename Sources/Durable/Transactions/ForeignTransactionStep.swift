// SPDX-License-Identifier: Apache-2.0

import Libpq
import Logging

/// One transaction step on a connection of another library: the public SQL pair `begin_step` and `record_step` frames the
/// body's statements, and the library commits.
struct ForeignTransactionStep<Adapter: TransactionAdapter>: Sendable {
    let adapter: Adapter
    let run: Run
    let branch: Branch
    let place: Place
    let name: String
    let label: String
    let attempt: Int
    let sight: StepCall

    private var engine: EngineCore { self.run.engine }

    /// - Returns: The value, and when it was recorded.
    /// - Throws: `AlreadyRecorded` when the place holds this run's own record after all; what the body or the library threw;
    ///   or `WorkflowInterruption`.
    func perform<T: Encodable & Sendable>(
        _ body: @escaping @Sendable @concurrent (Adapter.Connection) async throws -> T
    ) async throws -> (value: T, at: Int64) {
        var repeats = 0
        while true {
            do {
                return try await self.once(body)
            } catch {
                // What the library makes of a refusal or of a lost reply is its own affair: the database knows.
                try await self.settle()
                guard self.adapter.isTransient(error) else { throw error }
                repeats += 1
                self.run.logger.debug("transaction.repeated", metadata: ["error": "\(error)"])
            }
            await Backoff.pause(repeats)
            try await self.run.readyForEffect(after: 0)
        }
    }

    private func once<T: Encodable & Sendable>(
        _ body: @escaping @Sendable @concurrent (Adapter.Connection) async throws -> T
    ) async throws -> (value: T, at: Int64) {
        let result = try await self.adapter.withTransaction { connection in
            let rows = try await connection.run(self.engine.transactions.beginStep, self.beginParameters)
            guard rows.first?.first == "go" else { throw RecordedBefore() }
            let began = ContinuousClock.now
            // Unsafe to the compiler only: the body has it alone until it has returned.
            nonisolated(unsafe) let lent = connection
            let value = try await self.standingIn {
                try await self.run.surrounded(self.sight) { try await body(lent) }
            }
            let output = try self.engine.coder.encode(
                value,
                as: "the result of transaction \"\(self.label)\"",
                of: PayloadSubject(.step, workflow: self.run.plan.name, name: self.name)
            )
            if self.branch.isDecided { throw WorkflowInterruption(.decided) }
            try self.run.checkMayRecord()
            let seconds = (ContinuousClock.now - began) / .seconds(1)
            try self.willCommit()
            let recorded = try await connection.run(
                self.engine.transactions.recordStep,
                self.recordParameters(output: output, seconds: seconds)
            )
            return (value, recorded.first?.first.flatMap { $0 }.flatMap { Int64($0) } ?? self.engine.now())
        }
        try self.didCommit()
        return result
    }

    /// Asks the journal what became of the transaction.
    ///
    /// A COMMIT that is still on its way has its record behind it, which holds the place: whoever records there waits for it.
    private func settle() async throws {
        var tries = 0
        while true {
            try self.checkAlive()
            do {
                let place = PlaceInJournal(place: self.place, run: self.run, engine: self.engine)
                if let record = try await place.ownRecord(kind: .transaction, name: self.name) {
                    throw AlreadyRecorded(record: record)
                }
                return
            } catch let error as PostgresError where error.isUnavailable {
                tries += 1
                await Backoff.pause(tries)
            }
        }
    }

    private func checkAlive() throws {
        if self.branch.isDecided { throw WorkflowInterruption(.decided) }
        try self.run.checkAlive()
    }

    private var beginParameters: [String?] {
        let executor = self.run.lane.executor
        return [
            "\(executor.number)", "\(executor.epoch)", "\(executor.server)", self.run.id, self.place.scope,
            "\(self.place.position)", "\(self.run.lane.token)",
        ]
    }

    private func recordParameters(output: [UInt8]?, seconds: Double) -> [String?] {
        [
            "\(self.run.lane.executor.number)", self.run.id, self.place.scope, "\(self.place.position)",
            "\(self.run.lane.token)", self.name, output.map { String(decoding: $0, as: UTF8.self) }, "\(self.attempt)",
            "\(seconds)",
        ]
    }
}

/// The place had been recorded by this run before the transaction began.
private struct RecordedBefore: Error {}

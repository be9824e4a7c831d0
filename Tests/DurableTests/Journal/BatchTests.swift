// SPDX-License-Identifier: Apache-2.0

import Foundation
import Libpq
import Testing

@testable import Durable

@Suite struct BatchRemedyTests {
    private static func failed(_ state: String?, lost: Bool = false, unknown: Bool = false) -> BatchRemedy {
        var error = PostgresError(.server, "no", sqlState: state)
        error.isConnectionLost = lost
        error.isOutcomeUnknown = unknown
        return BatchRemedy(.failed(error))
    }

    @Test func `a refused identity is over, whatever it was doing`() {
        #expect(Self.failed("DU001") == .superseded(.fenced))
        #expect(Self.failed("DU003") == .superseded(.incarnationChanged))
    }

    @Test(arguments: ["DU002", "25006"])
    func `a session that does not keep its settings says BEGIN itself`(state: String) {
        #expect(Self.failed(state) == .sayBegin)
    }

    @Test func `where BEGIN is refused the server is a standby, and no row is to blame`() {
        var error = PostgresError(.server, "cannot set transaction read-write mode during recovery", sqlState: "0A000")
        error.statement = "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE"
        #expect(BatchRemedy(.failed(error)) == .waitForWrites)
        error.statement = "INSERT INTO durable.journal"
        #expect(BatchRemedy(.failed(error)) == .divide)
    }

    @Test func `nobody guesses about a reply that did not come`() {
        #expect(BatchRemedy(.lost) == .reconnect)
        #expect(Self.failed(nil) == .reconnect)
        #expect(Self.failed("23505", unknown: true) == .reconnect)
        #expect(Self.failed("22P02", lost: true) == .reconnect)
    }

    @Test(arguments: ["57P01", "57P02", "57P03", "08006", "08P01", "25P02", "25001"])
    func `a connection in trouble is replaced`(state: String) {
        #expect(Self.failed(state) == .reconnect)
    }

    @Test func `a row that is there already is looked at, never compared by value`() {
        #expect(Self.failed("23505") == .inspect)
        #expect(BatchRemedy(.miscounted) == .inspect)
    }

    @Test(arguments: ["55P03", "40P01", "40001", "57014"])
    func `what meets a stranger's lock lets others pass`(state: String) {
        #expect(Self.failed(state) == .stepAside)
    }

    @Test(arguments: ["53100", "53200", "53300", "58030", "XX000"])
    func `what passes by itself is tried again`(state: String) {
        #expect(Self.failed(state) == .retry)
    }

    @Test(arguments: ["22P02", "22P05", "23502", "23514", "42P01", "42501"])
    func `a row that the server will never take is searched for`(state: String) {
        #expect(Self.failed(state) == .divide)
    }
}

@Suite struct BatchEncoderTests {
    private let statements = JournalStatements(schema: .standard)
    private let executor = ExecutorIdentity(id: UUID(), number: 7, epoch: 3, server: 99, name: "x")

    private func entry(_ row: WriteRow) -> WriteEntry {
        WriteEntry(lane: RunLane(workflow: "w", token: 1, executor: self.executor), row: row)
    }

    private func start(guarded: Bool) -> WriteRow {
        .start(StartRow(name: "n", version: 1, seed: UUID(), createdAt: 0, isGuarded: guarded))
    }

    private let record = WriteRow.record(
        JournalRecord(place: Place(scope: "", position: 0), phase: 0, kind: .step, name: "s", at: 0)
    )
    private let outcome = WriteRow.outcome(OutcomeRow(status: .succeeded, at: 0))
    private let release = WriteRow.release(ReleaseRow(state: .queued, runAt: 0))

    private func encode(
        _ rows: [WriteRow],
        isExplicit: Bool = false,
        way: SessionFence.Way = .call
    ) -> BatchEncoder.Batch {
        BatchEncoder(statements: self.statements)
            .encode(rows.map { self.entry($0) }, as: self.executor, isExplicit: isExplicit, way: way)
    }

    @Test func `the fence comes first, then one statement per kind of row in the order of locks`() {
        let batch = self.encode([
            self.release, self.outcome, self.record, self.start(guarded: true), self.record, self.start(guarded: false),
        ])
        #expect(
            batch.pipeline.statements.map(\.sql) == [
                self.statements.fence.sql, self.statements.singleRecord.sql, self.statements.singleRecord.sql,
                self.statements.start.sql,
                self.statements.guardedStart.sql, self.statements.outcome.sql, self.statements.release.sql,
            ]
        )
    }

    @Test func `few checkpoints go as single rows, and more of them as arrays in one statement`() {
        func texts(_ records: Int) -> [String] {
            let rows = Array(repeating: self.record, count: records) + [self.outcome]
            return self.encode(rows).pipeline.statements.map(\.sql)
        }
        let (fence, end) = (self.statements.fence.sql, self.statements.outcome.sql)
        #expect(texts(4) == [fence] + Array(repeating: self.statements.singleRecord.sql, count: 4) + [end])
        #expect(texts(5) == [fence, self.statements.record.sql, end])
    }

    @Test func `a checkpoint that travels alone has the fence in its own statement`() {
        let alone = self.encode([self.record]).pipeline.statements
        #expect(alone.map(\.sql) == [self.statements.fencedRecord.sql])
        #expect(alone[0].parameters.count == 17)
        #expect(
            self.encode([self.record], isExplicit: true).pipeline.statements.map(\.sql).dropFirst().dropLast()
                == [self.statements.fence.sql, self.statements.singleRecord.sql]
        )
        #expect(self.encode([self.outcome]).pipeline.statements.first?.sql == self.statements.fence.sql)
        var large = JournalRecord(place: Place(scope: "", position: 0), phase: 0, kind: .step, name: "s", at: 0)
        large.output = .bytes(Array(repeating: 0x20, count: 1 << 20))
        #expect(
            self.encode([.record(large)]).pipeline.statements.map(\.sql)
                == [self.statements.fence.sql, self.statements.singleRecord.sql]
        )
    }

    @Test func `over a session that holds the fence a lone checkpoint is one statement, which must have written it`() {
        let asking = self.encode([self.record], way: .callAndHold(backend: 41))
        #expect(
            asking.pipeline.statements.map(\.sql) == [self.statements.fencedRecord.sql, self.statements.holdFence.sql]
        )
        let held = self.encode([self.record], way: .held(proof: "x"))
        #expect(held.pipeline.statements.map(\.sql) == [self.statements.heldRecord.sql])
        #expect(held.expected.map { [$0.statement, $0.rows] } == [[0, 1]])
    }

    @Test func `guarded starts and outcomes must report as many rows as were sent`() {
        let batch = self.encode([
            self.record, self.start(guarded: true), self.start(guarded: true), self.outcome, self.start(guarded: false),
            self.outcome, self.outcome,
        ])
        #expect(batch.expected.map(\.statement) == [3, 4])
        #expect(batch.expected.map(\.rows) == [2, 3])
        #expect(batch.expected.map(\.kind) == [.starts, .outcomes])
        #expect(self.encode([self.record, self.release]).expected.isEmpty)
    }

    @Test func `a commit without rows leaves a record in the log, and one with rows needs none`() {
        #expect(self.encode([.commit, .commit]).pipeline.statements.map(\.sql).last == self.statements.commit.sql)
        #expect(self.encode([.commit, self.record]).pipeline.statements.count == 2)
        #expect(
            self.encode([.commit, self.outcome, self.release]).pipeline.statements.map(\.sql).last
                == self.statements.commit.sql,
            "an outcome or a release may write nothing"
        )
    }

    @Test func `where BEGIN is said the counted statements are still found`() {
        let batch = self.encode([self.outcome], isExplicit: true)
        #expect(batch.pipeline.statements.first?.sql == "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE")
        #expect(batch.pipeline.statements.last?.sql == "COMMIT")
        let counted = batch.expected.map { batch.pipeline.statements[$0.statement].sql }
        #expect(counted == [self.statements.outcome.sql])
    }

    @Test func `every row counts its bytes`() {
        var large = JournalRecord(place: Place(scope: "", position: 0), phase: 0, kind: .step, name: "s", at: 0)
        large.output = .bytes(Array(repeating: 0x31, count: 5_000))
        #expect(self.entry(.record(large)).size > 5_000)
        let end = OutcomeRow(status: .failed, output: Array(repeating: 0x31, count: 3_000), error: [0x31], at: 0)
        #expect(self.entry(.outcome(end)).size > 3_000)
    }
}

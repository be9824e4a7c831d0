// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Durable

@Suite struct InputComparisonTests {
    private func row(_ phase: Int16, _ fingerprint: Int64?, by executor: Int32 = 1) -> JournalRecord {
        var record = JournalRecord(
            place: Place(scope: "", position: 0),
            phase: phase,
            kind: .step,
            name: "charge",
            at: 0
        )
        record.fingerprint = fingerprint
        record.executor = executor
        return record
    }

    private func compare(_ rows: [JournalRecord], with fingerprint: Int64) -> InputComparison? {
        History(rows)[Place(scope: "", position: 0)].flatMap { InputComparison(of: $0, with: fingerprint) }
    }

    @Test func `equal fingerprints, and records without one, need no decision`() {
        #expect(self.compare([self.row(0, 7)], with: 7) == nil)
        #expect(self.compare([self.row(0, nil)], with: 7) == nil)
        #expect(self.compare([self.row(1, nil), self.row(2, 7)], with: 7) == nil)
    }

    @Test func `a fingerprint that was seen once is no news, before a roll-back or after it`() {
        let rows = [self.row(0, 7), self.row(-1, 8, by: 2)]
        #expect(self.compare(rows, with: 7) == nil)
        #expect(self.compare(rows, with: 8) == nil)
        #expect(self.compare(rows, with: 9)?.executors == [1, 2])
    }

    @Test func `the notes of a call that has not ended are compared too`() {
        #expect(self.compare([self.row(1, 7, by: 3), self.row(2, nil, by: 4)], with: 8)?.executors == [3])
    }

    @Test func `what the same build recorded differently is divergence, what another one recorded is a change`() throws
    {
        let comparison = try #require(self.compare([self.row(0, 7, by: 1), self.row(-1, 8, by: 2)], with: 9))
        #expect(comparison.verdict(.checked, ofThisBuild: []) == .changed)
        #expect(comparison.verdict(.checked, ofThisBuild: [3]) == .changed)
        #expect(comparison.verdict(.checked, ofThisBuild: [2]) == .diverged)
        #expect(comparison.verdict(.checked, ofThisBuild: [1, 3]) == .diverged)
        #expect(comparison.verdict(.strict, ofThisBuild: []) == .diverged)
    }

    @Test func `marks are neither result nor attempts of a call`() throws {
        let entry = try #require(
            History([self.row(-1, 8), self.row(1, 7), self.row(0, 7)])[Place(scope: "", position: 0)]
        )
        #expect(entry.result?.phase == 0)
        #expect(entry.notes.map(\.phase) == [1])
        #expect(entry.marks.map(\.phase) == [-1])
    }
}

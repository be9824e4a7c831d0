// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Durable

@Suite struct OrphanLedgerTests {
    let stranger = OrphanLedger.Owned(id: "a", run: 1)
    let start = ContinuousClock.now

    @Test func `a stranger is released when it has been seen for the whole grace`() {
        var ledger = OrphanLedger()
        #expect(ledger.judge([self.stranger], at: self.start, grace: .seconds(10)).isEmpty)
        #expect(ledger.judge([self.stranger], at: self.start + .seconds(9), grace: .seconds(10)).isEmpty)
        #expect(ledger.judge([self.stranger], at: self.start + .seconds(10), grace: .seconds(10)) == [self.stranger])
    }

    @Test func `one that was known meanwhile begins anew, and so does another run of it`() {
        var ledger = OrphanLedger()
        _ = ledger.judge([self.stranger], at: self.start, grace: .seconds(10))
        _ = ledger.judge([], at: self.start + .seconds(5), grace: .seconds(10))
        #expect(ledger.judge([self.stranger], at: self.start + .seconds(12), grace: .seconds(10)).isEmpty)
        let again = OrphanLedger.Owned(id: "a", run: 2)
        #expect(ledger.judge([again], at: self.start + .seconds(30), grace: .seconds(10)).isEmpty)
    }

    @Test func `what a claim without a reply has taken is released at once`() {
        var ledger = OrphanLedger()
        ledger.lost([7, 1])
        #expect(ledger.judge([self.stranger], at: self.start, grace: .seconds(10)) == [self.stranger])
    }
}

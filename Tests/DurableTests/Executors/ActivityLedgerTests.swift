// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Durable

@Suite struct ActivityLedgerTests {
    static func row(_ position: Int32, attempt: Int16 = 1) -> ActivityRow {
        ActivityRow(workflow: "w", scope: "", position: position, name: "s", kind: 1, attempt: attempt, startedAt: 0)
    }

    @Test func `only what has changed is written`() {
        var ledger = ActivityLedger()
        #expect(ledger.changes(to: []) == nil)
        #expect(ledger.changes(to: [Self.row(1)]) == .init(clear: false, remove: [], enter: [Self.row(1)]))
        ledger.succeeded()
        #expect(ledger.changes(to: [Self.row(1)]) == nil)
        let second = Self.row(1, attempt: 2)
        #expect(ledger.changes(to: [second]) == .init(clear: false, remove: [], enter: [second]))
        ledger.succeeded()
        #expect(ledger.changes(to: [Self.row(2)]) == .init(clear: false, remove: [second], enter: [Self.row(2)]))
    }

    @Test func `one write is under way at a time, and after a failed one everything is written anew`() {
        var ledger = ActivityLedger()
        _ = ledger.changes(to: [Self.row(1)])
        #expect(ledger.changes(to: [Self.row(1), Self.row(2)]) == nil)
        ledger.failed()
        #expect(ledger.changes(to: [Self.row(1)]) == .init(clear: true, remove: [], enter: [Self.row(1)]))
        ledger.failed()
        #expect(ledger.changes(to: []) == .init(clear: true, remove: [], enter: []))
        ledger.succeeded()
        #expect(ledger.changes(to: []) == nil)
    }
}

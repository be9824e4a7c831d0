// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Durable

@Suite struct BranchLedgerTests {
    @Test func `without a history effects may start at once`() {
        var ledger = BranchLedger(hasHistory: false)
        #expect(ledger.isOpen)
        #expect(ledger.reachedFrontier() == .none)
    }

    @Test func `effects start when the last branch stands at its first unrecorded call`() {
        var ledger = BranchLedger(hasHistory: true)
        for _ in 0..<3 { ledger.branchBegan() }
        #expect(ledger.branchEnded(atFrontier: false) == .none, "the parent waits for its branches")
        #expect(ledger.reachedFrontier() == .none)
        #expect(ledger.branchEnded(atFrontier: false) == .none, "one ends within its history")
        #expect(!ledger.isOpen)
        #expect(ledger.reachedFrontier() == .openGate)
        #expect(ledger.isOpen)
        ledger.branchBegan()
        #expect(ledger.reachedFrontier() == .none, "open stays open")
    }

    @Test func `a group whose branches all end within the history leaves the decision to what comes after it`() {
        var ledger = BranchLedger(hasHistory: true)
        ledger.branchBegan()
        _ = ledger.branchEnded(atFrontier: false)
        ledger.parentResumed(atFrontier: false)
        #expect(ledger.branchEnded(atFrontier: false) == .none)
        #expect(!ledger.isOpen)
        #expect(ledger.reachedFrontier() == .openGate)
    }

    @Test func `with few branches at a time the next is announced before the last is gone`() {
        var ledger = BranchLedger(hasHistory: true)
        ledger.branchBegan()
        _ = ledger.branchEnded(atFrontier: false)
        for _ in 0..<4 {
            ledger.branchBegan()
            #expect(ledger.branchEnded(atFrontier: false) == .none)
        }
        #expect(ledger.reachedFrontier() == .openGate)
    }

    @Test func `the run may be parked when every branch waits, until the first of them wakes up`() {
        var ledger = BranchLedger(hasHistory: false)
        ledger.branchBegan()
        ledger.branchBegan()
        _ = ledger.branchEnded(atFrontier: true)
        let (first, action) = ledger.beganWaiting(until: 900)
        #expect(action == .none)
        let (second, both) = ledger.beganWaiting(until: 300)
        #expect(both == .allWaiting(until: 300))
        ledger.endedWaiting(second)
        let (_, again) = ledger.beganWaiting(until: nil)
        #expect(again == .allWaiting(until: 900))
        ledger.endedWaiting(first)
    }

    @Test func `a branch that has gone on since the others were counted is seen to`() {
        var ledger = BranchLedger(hasHistory: false)
        ledger.branchBegan()
        ledger.branchBegan()
        _ = ledger.branchEnded(atFrontier: true)
        let (loser, _) = ledger.beganWaiting(until: nil)
        #expect(ledger.branchEnded(atFrontier: true) == .allWaiting(until: nil), "the winner ends")
        ledger.endedWaiting(loser)
        #expect(ledger.standing == .none, "whoever would park now looks again")
    }

    @Test func `what waits for something to happen names no time`() {
        var ledger = BranchLedger(hasHistory: false)
        #expect(ledger.beganWaiting(until: nil).action == .allWaiting(until: nil))
    }

    @Test func `the end of the last branch that worked leaves those that wait`() {
        var ledger = BranchLedger(hasHistory: false)
        ledger.branchBegan()
        ledger.branchBegan()
        _ = ledger.branchEnded(atFrontier: true)
        #expect(ledger.beganWaiting(until: 500).action == .none)
        #expect(ledger.branchEnded(atFrontier: true) == .allWaiting(until: 500))
    }

    /// A map of `count` branches, `width` at a time: some end within their history, the others stop at a frontier.
    @Test(arguments: [1, 2, 3, 5], [1, 2, 4])
    func `whatever the order, effects start exactly when no branch replays any more`(count: Int, width: Int) {
        for seed in 0..<300 as Range<UInt64> {
            var random = SplitMix64(state: seed)
            // A branch that stops at its frontier keeps its seat, so later ones may never have begun: as in the first run.
            let stops = (0..<count).map { _ in Bool.random(using: &random) }
            var ledger = BranchLedger(hasHistory: true)
            var next = 0
            var replaying: [Int] = []
            func launch() {
                replaying.append(next)
                next += 1
                ledger.branchBegan()
            }
            while next < min(count, width) { launch() }
            _ = ledger.branchEnded(atFrontier: false)
            var opened = 0
            while let branch = replaying.randomElement(using: &random) {
                #expect(opened == 0, "branch \(branch) still replays")
                replaying.removeAll { $0 == branch }
                let action: BranchLedger.Action
                if stops[branch] {
                    action = ledger.reachedFrontier()
                } else {
                    if next < count { launch() }
                    let isLast = replaying.isEmpty && !stops[..<next].contains(true)
                    if isLast { ledger.parentResumed(atFrontier: false) }
                    action = ledger.branchEnded(atFrontier: false)
                }
                if action == .openGate { opened += 1 }
            }
            if opened == 0 {
                #expect(!stops[..<next].contains(true))
                #expect(ledger.reachedFrontier() == .openGate, "the parent is the last to come to its frontier")
            } else {
                #expect(opened == 1)
            }
        }
    }
}

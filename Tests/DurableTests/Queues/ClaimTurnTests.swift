// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Durable

@Suite struct ClaimTurnTests {
    @Test func `a turn takes of the queues without limits first, then of each that has some`() {
        var turn = ClaimTurn(room: 1_000, batch: 100, isSharing: false, number: 1)
        #expect(turn.first() == .unlimited(atMost: 100))
        #expect(turn.took(7, waiting: ["a", "b"]) == .limited(queue: "a", atMost: 100))
        #expect(turn.took(3, atMost: 100) == .limited(queue: "b", atMost: 100))
        #expect(turn.took(0, atMost: 100) == .done(isMoreLikely: false))
    }

    @Test func `whoever gets as much as it has asked for looks again at once`() {
        var turn = ClaimTurn(room: 1_000, batch: 100, isSharing: false, number: 1)
        #expect(turn.took(100, waiting: []) == .done(isMoreLikely: true))
        turn = ClaimTurn(room: 1_000, batch: 100, isSharing: false, number: 1)
        #expect(turn.took(99, waiting: ["a"]) == .limited(queue: "a", atMost: 100))
        #expect(turn.took(100, atMost: 100) == .done(isMoreLikely: true))
    }

    @Test func `nothing is taken beyond the room, and a full process does not look`() {
        #expect(ClaimTurn(room: 0, batch: 100, isSharing: true, number: 1).first() == .done(isMoreLikely: false))
        #expect(ClaimTurn(room: -3, batch: 100, isSharing: true, number: 1).first() == .done(isMoreLikely: false))
        var turn = ClaimTurn(room: 10, batch: 100, isSharing: false, number: 1)
        #expect(turn.first() == .unlimited(atMost: 10))
        #expect(turn.took(10, waiting: ["a"]) == .done(isMoreLikely: false))
        turn = ClaimTurn(room: 10, batch: 100, isSharing: false, number: 1)
        #expect(turn.took(4, waiting: ["a", "b"]) == .limited(queue: "a", atMost: 6))
        #expect(turn.took(6, atMost: 6) == .done(isMoreLikely: false))
    }

    @Test func `scarce room is shared, and of an odd one each side has the larger half in turn`() {
        #expect(ClaimTurn(room: 11, batch: 100, isSharing: true, number: 1).first() == .unlimited(atMost: 5))
        #expect(ClaimTurn(room: 11, batch: 100, isSharing: true, number: 2).first() == .unlimited(atMost: 6))
        var turn = ClaimTurn(room: 1, batch: 100, isSharing: true, number: 1)
        #expect(turn.first() == .unlimited(atMost: 0))
        #expect(turn.took(0, waiting: ["a"]) == .limited(queue: "a", atMost: 1))
        turn = ClaimTurn(room: 1, batch: 100, isSharing: true, number: 2)
        #expect(turn.first() == .unlimited(atMost: 1))
    }

    @Test func `a claim takes more for as long as there is always more`() {
        var batch = ClaimBatch()
        let sizes = [true, true, true, false, true].map { isMoreLikely in
            batch.turnEnded(isMoreLikely: isMoreLikely)
            return batch.size
        }
        #expect(ClaimBatch().size == 100)
        #expect(sizes == [200, 400, 400, 100, 200])
    }
}

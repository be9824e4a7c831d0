// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Durable

@Suite struct TakenMessagesTests {
    @Test func `a message is taken once, in the order in which it was found`() {
        var taken = TakenMessages()
        let look = taken.lookBegan()
        taken.lookEnded(look)
        #expect(taken.take([3, 5, 7], atMost: 2) == [3, 5])
        #expect(taken.take([3, 5, 7], atMost: 2) == [7])
        #expect(taken.take([3, 5, 7], atMost: 2) == [])
        taken.giveBack([5])
        #expect(taken.take([3, 5, 7], atMost: 2) == [5])
    }

    @Test func `a look that began before the deletion was known does not bring the message back`() {
        var taken = TakenMessages()
        let first = taken.lookBegan()
        #expect(taken.take([1], atMost: 1) == [1])
        taken.lookEnded(first)
        let late = taken.lookBegan()
        taken.deleted([1])
        let later = taken.lookBegan()
        taken.lookEnded(later)
        #expect(taken.take([1], atMost: 1) == [], "what the late look has found")
        taken.lookEnded(late)
        _ = taken.lookBegan()
        #expect(taken.count == 0, "nobody can find it any more")
    }

    @Test func `what is taken and not deleted is kept in mind, however many looks there are`() {
        var taken = TakenMessages()
        for id in 1...100 as ClosedRange<Int64> {
            let look = taken.lookBegan()
            #expect(taken.take([id], atMost: 1) == [id])
            taken.lookEnded(look)
            if id.isMultiple(of: 2) { taken.deleted([id]) }
        }
        _ = taken.lookBegan()
        #expect(taken.count == 50)
    }
}

// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Libpq

struct TimerHeapTests {
    @Test func `timers come out in the order of their time`() {
        var heap = TimerHeap<Int>()
        var generator = SystemRandomNumberGenerator()
        let times = (0..<500).map { _ in Int64.random(in: 0..<100, using: &generator) }
        for (index, time) in times.enumerated() { _ = heap.insert(due: time, index) }
        var order: [Int] = []
        while let index = heap.popDue(now: 99) { order.append(index) }
        #expect(order == times.indices.sorted { (times[$0], $0) < (times[$1], $1) })
        #expect(heap.count == 0)
        #expect(heap.nextDue() == nil)
    }

    @Test func `what is not due stays and what was cancelled is gone`() {
        var heap = TimerHeap<String>()
        let first = heap.insert(due: 1, "first")
        _ = heap.insert(due: 2, "second")
        _ = heap.insert(due: 9, "late")
        #expect(heap.cancel(first) == "first")
        #expect(heap.cancel(first) == nil)
        #expect(heap.nextDue() == 2)
        #expect(heap.popDue(now: 5) == "second")
        #expect(heap.popDue(now: 5) == nil)
        #expect(heap.nextDue() == 9)
    }

    @Test func `cancelled timers do not pile up`() {
        var heap = TimerHeap<Int>()
        _ = heap.insert(due: 5_000, -1)
        for index in 0..<10_000 { _ = heap.cancel(heap.insert(due: Int64(10_000 + index), index)) }
        #expect(heap.count == 1)
        #expect(heap.entryCount < 100)
        #expect(heap.popDue(now: 20_000) == -1)
    }
}

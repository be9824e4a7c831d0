// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Durable

@Suite struct WriteQueueTests {
    @Test func `an idle connection takes what is there at once, and what comes meanwhile goes with the next batch`() {
        var queue = WriteQueue<QueuedRow>.open(1)
        queue.submit(lanes: [1])
        #expect(queue.next()?.lanes == [1])
        queue.submit(lanes: [2, 3, 1])
        #expect(queue.next() == nil)
        #expect(queue.settled(0).map(\.laneNumber) == [1])
        #expect(queue.next()?.lanes == [2, 3, 1])
        #expect(queue.next() == nil)
        queue.settled(0)
        #expect(queue.isEmpty)
    }

    @Test func `a second connection sends only from 256 waiting rows on`() {
        var queue = WriteQueue<QueuedRow>.open(2)
        queue.submit(lanes: [1])
        #expect(queue.next()?.connection == 0)
        queue.submit(lanes: 2...256)
        #expect(queue.next() == nil, "255 rows wait")
        queue.submit(lanes: [257])
        let send = queue.next()
        #expect(send?.connection == 1)
        #expect(send?.entries.count == 256)
        #expect(queue.pendingCount == 0)
    }

    @Test func `later rows of a run wait for the connection that its earlier ones are on, in their order`() {
        var queue = WriteQueue<QueuedRow>.open(2)
        queue.submit(1, of: 7)
        #expect(queue.next()?.connection == 0)
        for serial in 1...3 { queue.submit(QueuedRow(laneNumber: 7, serial: serial)) }
        queue.submit(lanes: 100..<356)
        let second = queue.next()
        #expect(second?.connection == 1)
        #expect(second?.lanes == (100..<356).map { UInt64($0) }, "none of run 7 goes over another connection")
        #expect(queue.next() == nil)
        queue.settled(1)
        #expect(queue.next() == nil, "the other connection is free, and run 7 still waits for the first one")
        queue.settled(0)
        let rest = queue.next()
        #expect(rest?.entries.map(\.serial) == [1, 2, 3])
        #expect(rest?.lanes == [7, 7, 7])
    }

    @Test func `after a commit that wakes several runs the next batch waits for their rows`() {
        var queue = WriteQueue<QueuedRow>.open(1)
        queue.submit(lanes: [1, 2])
        #expect(queue.next() != nil)
        queue.submit(lanes: [3])
        queue.settled(0, holding: true)
        #expect(queue.next() == nil)
        queue.submit(lanes: [1, 2])
        queue.released()
        #expect(queue.next()?.lanes == [3, 1, 2])
    }

    @Test func `a held batch goes out once 256 rows wait`() {
        var queue = WriteQueue<QueuedRow>.open(1)
        queue.submit(lanes: [1, 2])
        #expect(queue.next() != nil)
        queue.settled(0, holding: true)
        queue.submit(lanes: 3..<258)
        #expect(queue.next() == nil)
        queue.submit(lanes: [258])
        #expect(queue.next()?.entries.count == 256)
    }

    @Test func `a batch has at most 512 rows and 1 MiB, and a larger row goes alone`() {
        var queue = WriteQueue<QueuedRow>.open(1)
        queue.submit(lanes: 0..<600)
        #expect(queue.next()?.entries.count == 512)
        queue.settled(0)
        #expect(queue.next()?.entries.count == 88)
        queue.settled(0)

        queue.submit(lanes: 0..<3, size: 400 << 10)
        #expect(queue.next()?.lanes == [0, 1])
        queue.settled(0)
        #expect(queue.next()?.lanes == [2])
        queue.settled(0)

        queue.submit(lanes: [1], size: 10)
        queue.submit(lanes: [2], size: 5 << 20)
        queue.submit(lanes: [3], size: 10)
        #expect(queue.waitingBytes == (5 << 20) + 20)
        for lane in [1, 2, 3] as [UInt64] {
            #expect(queue.next()?.lanes == [lane])
            queue.settled(0)
        }
        #expect(queue.waitingBytes == 0)
    }

    @Test func `a run with more rows than a batch looks at does not hide the others for ever`() {
        var limits = WriteQueue<QueuedRow>.Limits()
        limits.scan = 200
        limits.overflow = 2
        var queue = WriteQueue<QueuedRow>.open(2, limits)
        queue.submit(1, of: 1)
        #expect(queue.next()?.connection == 0)
        queue.submit(300, of: 1)
        queue.submit(1, of: 2)
        #expect(queue.next() == nil, "the second connection sees 200 rows of a run that is not its own")
        queue.settled(0)
        var sent = 0
        while let send = queue.next() {
            sent += send.entries.count
            queue.settled(send.connection)
        }
        #expect(sent == 301)
        #expect(queue.isEmpty)
    }

    @Test func `rows of runs that are over are taken out, the others keep their order`() {
        var queue = WriteQueue<QueuedRow>.open(1)
        queue.submit(lanes: [9])
        #expect(queue.next() != nil)
        queue.submit(lanes: [1, 2, 1, 3, 2])
        let withdrawn = queue.withdraw { $0.laneNumber == 1 }
        #expect(withdrawn.map(\.laneNumber) == [1, 1])
        #expect(queue.waitingBytes == 300)
        queue.settled(0)
        #expect(queue.next()?.lanes == [2, 3, 2])
    }

    @Test func `a connection in trouble is not counted on`() {
        var queue = WriteQueue<QueuedRow>.open(2)
        queue.submit(lanes: [1])
        #expect(queue.next()?.connection == 0)
        queue.submit(lanes: [2, 1])
        #expect(queue.next() == nil)
        queue.met(troubleOn: 0)
        let other = queue.next()
        #expect(other?.connection == 1)
        #expect(other?.lanes == [2], "what must wait for the first connection does")
        queue.settled(0)
        queue.settled(1)
        #expect(queue.next()?.lanes == [1])
        queue.submit(lanes: [3])
        #expect(queue.next() == nil, "the trouble is over")
    }

    @Test func `rows that met a stranger's lock wait aside, in front of their run, and go alone`() {
        var queue = WriteQueue<QueuedRow>.open(1)
        queue.submit(2, of: 1)
        queue.submit(lanes: [2])
        let batch = queue.next()?.entries ?? []
        #expect(batch.count == 3)
        queue.submit(QueuedRow(laneNumber: 1, serial: 2))
        queue.submit(lanes: [3])
        #expect(queue.postpone(batch.filter { $0.laneNumber == 1 }, of: 1, on: 0) == 1)
        #expect(queue.settled(0).map(\.laneNumber) == [2])
        #expect(queue.next()?.lanes == [3], "others pass")
        queue.settled(0)
        #expect(queue.next() == nil)
        queue.submit(lanes: [4])
        queue.returned(1)
        let alone = queue.next()
        #expect(alone?.lanes == [1, 1, 1])
        #expect(alone?.entries.map(\.serial) == [0, 1, 2])
        #expect(queue.postpone(alone?.entries ?? [], of: 1, on: 0) == 2)
        queue.settled(0)
        #expect(queue.next()?.lanes == [4])
        queue.settled(0)
        queue.returned(1)
        queue.submit(lanes: [5])
        #expect(queue.next()?.lanes == [1, 1, 1])
        queue.settled(0)
        queue.submit(lanes: [1])
        #expect(queue.next()?.lanes == [5, 1], "once it was written it goes with the others again")
        queue.settled(0)
        #expect(queue.isEmpty)
        #expect(queue.waitingBytes == 0)
    }

    @Test func `what is not open takes nothing, and what is in flight is not lost with its connection`() {
        var queue = WriteQueue<QueuedRow>(connections: 2)
        queue.submit(lanes: [1])
        #expect(queue.next() == nil)
        queue.opened(1)
        #expect(queue.next()?.connection == 1)
        queue.closed(1)
        queue.submit(lanes: [1])
        #expect(!queue.isEmpty)
        #expect(queue.settled(1).map(\.laneNumber) == [1], "its fate is found out before it counts as settled")
        queue.closed(1)
        #expect(queue.next() == nil)
        queue.opened(0)
        #expect(queue.next()?.lanes == [1])
        #expect(queue.settled(1).isEmpty)
    }

    @Test func `a row is lone while nothing else is under way or waits`() {
        var queue = WriteQueue<QueuedRow>.open(2)
        #expect(queue.lone == nil)
        queue.submit(lanes: [7])
        #expect(queue.lone == nil, "it is not under way yet")
        _ = queue.next()
        #expect(queue.lone?.connection == 0)
        #expect(queue.lone?.laneNumber == 7)
        queue.submit(lanes: [8])
        #expect(queue.lone == nil, "another one waits")
        queue.settled(0)
        _ = queue.next()
        #expect(queue.lone?.laneNumber == 8)
        queue.met(troubleOn: 0)
        #expect(queue.lone == nil, "its fate must be found out")
        queue.settled(0)
        queue.submit(lanes: [1, 1])
        _ = queue.next()
        #expect(queue.lone == nil, "two rows of one run")
    }
}

// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Durable

/// A writer around the queue whose events come in every order that chance finds, with the promises checked at each.
private struct WriterModel {
    private var queue: WriteQueue<QueuedRow>
    private var random: SplitMix64
    private let lanes: UInt64
    private var open: Set<Int> = []
    private var busy: [Int: [QueuedRow]] = [:]
    private var releases = 0
    private var submitted: [UInt64: Int] = [:]
    private var settled: [UInt64: Int] = [:]
    private var over: Set<UInt64> = []
    private var aside: Set<UInt64> = []

    init(seed: UInt64, connections: Int, lanes: UInt64) {
        var limits = WriteQueue<QueuedRow>.Limits()
        limits.rows = 5
        limits.bytes = 1_000
        limits.overflow = 4
        limits.scan = 8
        self.queue = WriteQueue(connections: connections, limits: limits)
        self.random = SplitMix64(state: seed)
        self.lanes = lanes
        self.connections = connections
    }

    private let connections: Int

    private mutating func chance(_ bound: UInt64) -> UInt64 { self.random.next() % bound }

    /// One event, and whatever the queue wants to send after it: as the writer does.
    mutating func step() {
        switch self.chance(15) {
        case 0...5: self.submit()
        case 6...8: self.settleOne()
        case 9: self.release()
        case 10: self.openOrClose()
        case 11: if let connection = self.busy.keys.sorted().first { self.queue.met(troubleOn: connection) }
        case 12: self.postpone()
        case 13: self.comeBack()
        default: if self.chance(8) == 0 { self.withdraw() }
        }
        self.send()
    }

    /// Nothing new comes, every batch settles, every hold is released: everything must have gone out.
    mutating func runDown() {
        for connection in 0..<self.connections where self.open.insert(connection).inserted {
            self.queue.opened(connection)
        }
        self.send()
        var turns = 0
        while !self.busy.isEmpty || self.releases > 0 || !self.aside.isEmpty, turns < 100_000 {
            turns += 1
            if !self.aside.isEmpty, self.chance(2) == 0 {
                self.comeBack()
            } else if self.releases > 0, self.chance(2) == 0 {
                self.release()
            } else {
                self.settleOne()
            }
            self.send()
        }
        #expect(self.queue.isEmpty, "\(self.queue.pendingCount) rows are stuck")
        #expect(self.queue.waitingBytes == 0)
        for (lane, count) in self.submitted where !self.over.contains(lane) {
            #expect(self.settled[lane] == count, "every row of run \(lane) is settled exactly once")
        }
    }

    private mutating func submit() {
        let lane = 1 + self.chance(self.lanes)
        guard !self.over.contains(lane) else { return }
        let serial = self.submitted[lane, default: 0]
        self.submitted[lane] = serial + 1
        self.queue.submit(QueuedRow(laneNumber: lane, size: Int(50 + self.chance(900)), serial: serial))
    }

    private mutating func send() {
        while let send = self.queue.next() {
            #expect(self.open.contains(send.connection), "only an open connection is used")
            #expect(self.busy[send.connection] == nil, "one batch is in flight per connection")
            #expect(!send.entries.isEmpty && send.entries.count <= 5)
            #expect(send.entries.allSatisfy { !self.aside.contains($0.laneNumber) }, "what waits aside is not sent")
            #expect(send.entries.count == 1 || send.entries.reduce(0) { $0 + $1.size } <= 1_000)
            for (other, entries) in self.busy where other != send.connection {
                let lanes = Set(entries.map(\.laneNumber))
                #expect(
                    send.entries.allSatisfy { !lanes.contains($0.laneNumber) },
                    "no run has rows in flight on two connections"
                )
            }
            self.busy[send.connection] = send.entries
        }
    }

    private mutating func settleOne() {
        guard let connection = self.busy.keys.sorted().randomElement(using: &self.random) else { return }
        let isHolding = (self.busy[connection]?.count ?? 0) > 1
        let entries = self.queue.settled(connection, holding: isHolding)
        #expect(entries == self.busy[connection])
        self.busy[connection] = nil
        for entry in entries {
            #expect(
                self.settled[entry.laneNumber, default: 0] == entry.serial,
                "the rows of a run settle in their order"
            )
            self.settled[entry.laneNumber, default: 0] += 1
        }
        if isHolding { self.releases += 1 }
    }

    /// One run of a batch met a stranger's lock.
    private mutating func postpone() {
        guard let connection = self.busy.keys.sorted().randomElement(using: &self.random),
            let entries = self.busy[connection], let lane = entries.randomElement(using: &self.random)?.laneNumber
        else { return }
        self.queue.met(troubleOn: connection)
        let met = entries.filter { $0.laneNumber == lane }
        #expect(self.queue.postpone(met, of: lane, on: connection) > 0)
        self.busy[connection] = entries.filter { $0.laneNumber != lane }
        self.aside.insert(lane)
    }

    private mutating func comeBack() {
        guard let lane = self.aside.sorted().randomElement(using: &self.random) else { return }
        self.aside.remove(lane)
        self.queue.returned(lane)
    }

    /// Every hold is followed by a release, sooner or later.
    private mutating func release() {
        guard self.releases > 0 else { return }
        self.releases -= 1
        self.queue.released()
    }

    private mutating func openOrClose() {
        let connection = Int(self.chance(UInt64(self.connections)))
        if self.open.insert(connection).inserted {
            self.queue.opened(connection)
        } else if self.busy[connection] == nil {
            self.open.remove(connection)
            self.queue.closed(connection)
        }
    }

    /// A run is over: its waiting rows go, those in flight settle.
    private mutating func withdraw() {
        let lane = 1 + self.chance(self.lanes)
        self.over.insert(lane)
        for entry in self.queue.withdraw(where: { $0.laneNumber == lane }) { #expect(entry.laneNumber == lane) }
    }
}

@Suite struct WriteQueueModelTests {
    @Test(arguments: [1, 2, 3], [1, 3, 20] as [UInt64])
    func `whatever the order of events, each row goes out once, in the order of its run, and none is stuck`(
        connections: Int,
        lanes: UInt64
    ) {
        for seed in 0..<150 as Range<UInt64> {
            var model = WriterModel(seed: seed, connections: connections, lanes: lanes)
            for _ in 0..<200 { model.step() }
            model.runDown()
        }
    }
}

// SPDX-License-Identifier: Apache-2.0

@testable import Durable

/// A row as the queue sees it: whose, how large, and which one of its run's.
struct QueuedRow: QueuedWrite, Hashable {
    var laneNumber: UInt64
    var size = 100
    /// Which row of its run it is, from 0.
    var serial = 0
}

extension WriteQueue<QueuedRow> {
    /// A queue whose connections are all open.
    static func open(_ connections: Int, _ limits: Limits = Limits()) -> Self {
        var queue = Self(connections: connections, limits: limits)
        for connection in 0..<connections { queue.opened(connection) }
        return queue
    }

    /// Submits rows of some runs, in order.
    mutating func submit(lanes: some Sequence<Int>, size: Int = 100) {
        for lane in lanes { self.submit(QueuedRow(laneNumber: UInt64(lane), size: size)) }
    }

    /// Submits so many rows of one run.
    mutating func submit(_ count: Int, of lane: UInt64) {
        for serial in 0..<count { self.submit(QueuedRow(laneNumber: lane, serial: serial)) }
    }
}

extension WriteQueue<QueuedRow>.Send {
    var lanes: [UInt64] { self.entries.map(\.laneNumber) }
}

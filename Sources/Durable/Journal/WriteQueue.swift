// SPDX-License-Identifier: Apache-2.0

import DequeModule

/// What the queue must know of a row: whose it is, and how large.
package protocol QueuedWrite: Sendable {
    /// The run that the row belongs to; rows of one run become durable in the order in which they were submitted.
    var laneNumber: UInt64 { get }
    /// About how many bytes it takes in a batch.
    var size: Int { get }
}

/// The decisions of group commit: which rows go out when, over which connection.
///
/// Pure: the writer executes what it says.
///
/// - **Natural batches.** An idle connection takes what is there at once; while it is busy, rows collect. No timers.
/// - **Overflow.** A further connection helps only from `Limits.overflow` waiting rows on.
/// - **Prefix.** While rows of a run are in flight on one connection, its later rows wait for that same connection.
/// - **Hold.** After a commit that wakes several runs, the next batch waits until these have had their turn, so that they
///   do not split into cohorts that each pay a commit of their own; unless enough rows wait already.
package struct WriteQueue<Entry: QueuedWrite>: Sendable {
    package struct Limits: Sendable {
        /// Rows in one batch.
        package var rows = 512
        /// Bytes in one batch, unless a single row is larger.
        package var bytes = 1 << 20
        /// From how many waiting rows on a held or an overflow connection sends: half of a largest batch.
        package var overflow = 256
        /// How many rows are looked at for one batch.
        package var scan = 4096

        package init() {}
    }

    /// A batch to send over a connection.
    package struct Send: Sendable {
        package let connection: Int
        package let entries: [Entry]
    }

    private enum Connection: Sendable {
        /// Not open (not yet, or lost): takes nothing.
        case closed
        case idle
        /// A batch is in flight, or its fate is being found out.
        case busy([Entry])
    }

    private let limits: Limits
    private var connections: [Connection]
    private var pending: Deque<Entry> = []
    private var pendingBytes = 0
    /// Which runs have rows in flight, for each connection.
    ///
    /// Emptied whole: taking out one run after the other would cost each row two more hashes, under a lock that everybody takes.
    private var inFlight: [Set<UInt64>]
    private var isHeld = false
    /// Connections whose batch was not simply committed: nobody knows how long that takes, so they help nobody.
    private var troubled: Set<Int> = []
    /// Runs whose rows met a stranger's lock, with how often; they go alone from now on.
    private var strayed: [UInt64: Int] = [:]
    /// Those among them whose next try is not due.
    private var postponed: Set<UInt64> = []

    package init(connections: Int, limits: Limits = Limits()) {
        self.limits = limits
        self.connections = Array(repeating: .closed, count: connections)
        self.inFlight = Array(repeating: [], count: connections)
    }

    /// How many rows wait to be sent.
    package var pendingCount: Int { self.pending.count }
    /// How many bytes wait to be sent.
    package var waitingBytes: Int { self.pendingBytes }
    /// Whether nothing waits and nothing is in flight.
    package var isEmpty: Bool {
        self.pending.isEmpty && self.inFlight.allSatisfy(\.isEmpty)
    }

    /// The row that has waited for longest, as far as the order of submission tells.
    package var oldest: Entry? {
        for case .busy(let entries) in self.connections {
            if let first = entries.first { return first }
        }
        return self.pending.first
    }

    /// The one row that is under way, if nothing else is under way or waits.
    package var lone: (connection: Int, laneNumber: UInt64)? {
        guard self.pending.isEmpty, self.troubled.isEmpty else { return nil }
        var lone: (connection: Int, laneNumber: UInt64)?
        for index in self.connections.indices {
            guard case .busy(let entries) = self.connections[index] else { continue }
            guard lone == nil, entries.count == 1 else { return nil }
            lone = (index, entries[0].laneNumber)
        }
        return lone
    }

    // MARK: - Events

    /// A row was submitted.
    package mutating func submit(_ entry: Entry) {
        self.pending.append(entry)
        self.pendingBytes += entry.size
    }

    /// A connection is ready for its first, or its next, batch.
    package mutating func opened(_ connection: Int) {
        guard case .closed = self.connections[connection] else { return }
        self.connections[connection] = .idle
    }

    /// The fate of everything that a connection had in flight is known.
    ///
    /// - Parameter holding: several runs are about to be woken; the next batch waits for `released()`.
    /// - Returns: What was in flight.
    @discardableResult
    package mutating func settled(_ connection: Int, holding: Bool = false) -> [Entry] {
        guard case .busy(let entries) = self.connections[connection] else { return [] }
        self.connections[connection] = .idle
        self.troubled.remove(connection)
        self.inFlight[connection].removeAll(keepingCapacity: true)
        if !self.strayed.isEmpty {
            for entry in entries { self.strayed[entry.laneNumber] = nil }
        }
        if holding { self.isHeld = true }
        return entries
    }

    /// What became of a connection's batch must be found out: until then other connections do not count on it.
    package mutating func met(troubleOn connection: Int) {
        if case .busy = self.connections[connection] { self.troubled.insert(connection) }
    }

    /// Rows of one run, in flight on a connection, met a stranger's lock: they wait aside, in front of all later rows of
    /// their run, until `returned(_:)`.
    ///
    /// - Returns: How often that has happened to the run.
    package mutating func postpone(_ entries: [Entry], of run: UInt64, on connection: Int) -> Int {
        guard case .busy(let all) = self.connections[connection] else { return 0 }
        self.connections[connection] = .busy(all.filter { $0.laneNumber != run })
        self.inFlight[connection].remove(run)
        self.pending.prepend(contentsOf: entries)
        for entry in entries { self.pendingBytes += entry.size }
        self.postponed.insert(run)
        self.strayed[run, default: 0] += 1
        return self.strayed[run, default: 0]
    }

    /// The next try of rows that were postponed is due.
    package mutating func returned(_ run: UInt64) {
        self.postponed.remove(run)
    }

    /// The runs that the last commit woke have had their turn.
    package mutating func released() {
        self.isHeld = false
    }

    /// A connection was lost while nothing was in flight on it.
    package mutating func closed(_ connection: Int) {
        guard case .idle = self.connections[connection] else { return }
        self.connections[connection] = .closed
    }

    /// Takes every row of some runs out of the queue, since their runs are over.
    package mutating func withdraw(where isOver: (Entry) -> Bool) -> [Entry] {
        var withdrawn: [Entry] = []
        var kept: Deque<Entry> = []
        for entry in self.pending {
            if isOver(entry) {
                withdrawn.append(entry)
                self.strayed[entry.laneNumber] = nil
                self.postponed.remove(entry.laneNumber)
                self.pendingBytes -= entry.size
            } else {
                kept.append(entry)
            }
        }
        self.pending = kept
        return withdrawn
    }

    // MARK: - Actions

    /// The next batch to send, if one should be sent now.
    ///
    /// Ask again until there is none.
    package mutating func next() -> Send? {
        guard !self.pending.isEmpty else { return nil }
        var hasHelper = false
        for index in self.connections.indices {
            switch self.connections[index] {
            case .closed:
                continue
            case .busy:
                if !self.troubled.contains(index) { hasHelper = true }
            case .idle:
                let threshold = hasHelper || self.isHeld ? self.limits.overflow : 1
                if self.pending.count >= threshold, let entries = self.take(for: index) {
                    self.connections[index] = .busy(entries)
                    return Send(connection: index, entries: entries)
                }
                hasHelper = true
            }
        }
        return nil
    }

    private mutating func take(for connection: Int) -> [Entry]? {
        var taken: [Entry] = []
        taken.reserveCapacity(min(self.pending.count, self.limits.rows))
        var skipped: [Entry] = []
        var bytes = 0
        var looked = 0
        while looked < self.limits.scan, taken.count < self.limits.rows, let entry = self.pending.first {
            looked += 1
            let lane = entry.laneNumber
            let isPostponed = !self.postponed.isEmpty && self.postponed.contains(lane)
            if isPostponed || self.isInFlight(lane, elsewhereThan: connection) {
                skipped.append(entry)
                self.pending.removeFirst()
                continue
            }
            if !taken.isEmpty, bytes + entry.size > self.limits.bytes { break }
            // What meets a lock for the second time is not to take others with it.
            if !self.strayed.isEmpty, let first = taken.first?.laneNumber, first != lane,
                self.strayed[first] != nil || self.strayed[lane] != nil
            {
                break
            }
            self.pending.removeFirst()
            self.inFlight[connection].insert(lane)
            bytes += entry.size
            taken.append(entry)
        }
        if !skipped.isEmpty { self.pending.prepend(contentsOf: skipped) }
        self.pendingBytes -= bytes
        return taken.isEmpty ? nil : taken
    }

    private func isInFlight(_ lane: UInt64, elsewhereThan connection: Int) -> Bool {
        for index in self.inFlight.indices where index != connection {
            if self.inFlight[index].contains(lane) { return true }
        }
        return false
    }
}

// SPDX-License-Identifier: Apache-2.0

/// The timers of one poller: a binary heap by due time.
///
/// Pure: the time is an argument.
struct TimerHeap<Work> {
    private struct Entry {
        let due: Int64
        let id: UInt64

        /// Timers that are due at the same moment run in the order in which they were made.
        static func < (left: Entry, right: Entry) -> Bool {
            left.due != right.due ? left.due < right.due : left.id < right.id
        }
    }

    private var heap: [Entry] = []
    private var works: [UInt64: Work] = [:]
    private var nextID: UInt64 = 1

    /// How many timers wait.
    var count: Int { self.works.count }

    /// How many entries the heap has, those of cancelled timers included.
    var entryCount: Int { self.heap.count }

    /// When the next timer is due (a cancelled one at the top is forgotten first), or nil.
    mutating func nextDue() -> Int64? {
        while let top = self.heap.first, self.works[top.id] == nil { self.removeTop() }
        return self.heap.first?.due
    }

    mutating func insert(due: Int64, _ work: Work) -> UInt64 {
        let id = self.nextID
        self.nextID += 1
        self.works[id] = work
        self.heap.append(Entry(due: due, id: id))
        self.siftUp(self.heap.count - 1)
        return id
    }

    mutating func cancel(_ id: UInt64) -> Work? {
        guard let work = self.works.removeValue(forKey: id) else { return nil }
        // Entries of cancelled timers stay until they come up, unless they are most of the heap.
        if self.heap.count > 64 && self.heap.count > 2 * self.works.count {
            self.heap = self.heap.filter { self.works[$0.id] != nil }
            self.heap.sort { $0 < $1 }
        }
        return work
    }

    /// Takes out one timer that is due at `now`.
    mutating func popDue(now: Int64) -> Work? {
        while let top = self.heap.first {
            guard self.works[top.id] != nil else {
                self.removeTop()
                continue
            }
            guard top.due <= now else { return nil }
            self.removeTop()
            return self.works.removeValue(forKey: top.id)
        }
        return nil
    }

    private mutating func removeTop() {
        self.heap.swapAt(0, self.heap.count - 1)
        self.heap.removeLast()
        var index = 0
        while true {
            var least = index
            for child in [2 * index + 1, 2 * index + 2] where child < self.heap.count {
                if self.heap[child] < self.heap[least] { least = child }
            }
            if least == index { return }
            self.heap.swapAt(index, least)
            index = least
        }
    }

    private mutating func siftUp(_ start: Int) {
        var index = start
        while index > 0 {
            let parent = (index - 1) / 2
            guard self.heap[index] < self.heap[parent] else { return }
            self.heap.swapAt(index, parent)
            index = parent
        }
    }
}

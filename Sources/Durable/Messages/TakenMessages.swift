// SPDX-License-Identifier: Apache-2.0

/// Which messages the branches of a run have taken, for as long as a look may still find them in the database.
///
/// Pure. A message that was taken is deleted together with the record of its receive. Until that has committed every look finds
/// it, and so may a look that began before the commit and is answered after it.
package struct TakenMessages: Sendable {
    /// By message: the number of the last look that had begun when its deletion was known; nil while it is not.
    private var taken: [Int64: Int?] = [:]
    private var lastLook = 0
    private var looking: Set<Int> = []

    package init() {}

    /// How many of the messages that a look finds may have been taken before.
    package var count: Int { self.taken.count }

    /// A look begins.
    package mutating func lookBegan() -> Int {
        self.forget()
        self.lastLook += 1
        self.looking.insert(self.lastLook)
        return self.lastLook
    }

    /// A look was answered, or has failed.
    package mutating func lookEnded(_ look: Int) { self.looking.remove(look) }

    /// Takes the first messages that nobody has taken, at most so many.
    package mutating func take(_ found: [Int64], atMost limit: Int) -> [Int64] {
        let free = found.filter { self.taken.index(forKey: $0) == nil }.prefix(limit)
        for id in free { self.taken.updateValue(nil, forKey: id) }
        return Array(free)
    }

    /// Messages were taken and not recorded: they are free again.
    package mutating func giveBack(_ ids: [Int64]) {
        for id in ids { self.taken.removeValue(forKey: id) }
    }

    /// The transaction that deletes these messages has committed.
    package mutating func deleted(_ ids: [Int64]) {
        for id in ids where self.taken.index(forKey: id) != nil { self.taken.updateValue(self.lastLook, forKey: id) }
    }

    /// Lets go of what no look under way can find any more.
    private mutating func forget() {
        let first = self.looking.min() ?? .max
        self.taken = self.taken.filter { entry in entry.value.map { $0 >= first } ?? true }
    }
}

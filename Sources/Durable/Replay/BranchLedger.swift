// SPDX-License-Identifier: Apache-2.0

/// Counts what the branches of a run are doing, and decides from it.
///
/// Pure. It decides when replay is over, so that effects may start; and when every branch waits, so that the run may be
/// parked.
///
/// A branch is *active* from its start to its end, but not while it waits for branches of its own.
package struct BranchLedger: Sendable {
    /// What to do after an event.
    package enum Action: Sendable, Equatable {
        case none
        /// Every active branch stands at its first unrecorded call, or waits: effects may start.
        case openGate
        /// Every active branch waits; the first of them until then (nil: until something happens).
        case allWaiting(until: Int64?)
    }

    private var active = 1
    private var replaying: Int
    private var waits: [UInt64: Int64?] = [:]
    private var nextWait: UInt64 = 0
    /// Whether effects may start.
    ///
    /// Once open it stays open.
    package private(set) var isOpen: Bool

    /// - Parameter hasHistory: whether there is something to replay.
    package init(hasHistory: Bool) {
        self.isOpen = !hasHistory
        self.replaying = hasHistory ? 1 : 0
    }

    /// A branch stands at its first unrecorded call.
    package mutating func reachedFrontier() -> Action {
        guard !self.isOpen else { return .none }
        self.replaying -= 1
        return self.openIfReady()
    }

    /// A branch begins.
    ///
    /// Its parent announces it before it lets another one end, so that the count never dips between the two.
    package mutating func branchBegan() {
        self.active += 1
        if !self.isOpen { self.replaying += 1 }
    }

    /// A branch has ended, or waits for branches of its own.
    package mutating func branchEnded(atFrontier: Bool) -> Action {
        self.active -= 1
        if !self.isOpen, !atFrontier { self.replaying -= 1 }
        let opened = self.openIfReady()
        return opened == .none ? self.standing : opened
    }

    /// A parent goes on after its branches have ended.
    package mutating func parentResumed(atFrontier: Bool) {
        self.active += 1
        if !self.isOpen, !atFrontier { self.replaying += 1 }
    }

    /// A branch waits, until a time or (nil) until something happens.
    package mutating func beganWaiting(until due: Int64?) -> (wait: UInt64, action: Action) {
        self.nextWait += 1
        self.waits.updateValue(due, forKey: self.nextWait)
        return (self.nextWait, self.standing)
    }

    /// A branch goes on.
    package mutating func endedWaiting(_ wait: UInt64) {
        self.waits.removeValue(forKey: wait)
    }

    private mutating func openIfReady() -> Action {
        guard !self.isOpen, self.replaying == 0, self.active > 0 else { return .none }
        self.isOpen = true
        return .openGate
    }

    /// Whether every active branch waits at this moment.
    package var standing: Action {
        guard self.active > 0, self.waits.count == self.active else { return .none }
        return .allWaiting(until: self.waits.values.compactMap { $0 }.min())
    }
}

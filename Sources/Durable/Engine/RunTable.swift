// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// The runs that are in memory, by workflow.
final class RunTable: Sendable {
    private struct State {
        var runs: [String: Run] = [:]
        var suspects = 0
        var emptied: [CheckedContinuation<Void, Never>] = []
    }

    private let limit: Int
    /// How many runs there are, with those that room is kept for; counted without the lock, since every start asks.
    private let taken = Atomic(0)
    /// How many of those are kept for a claim that is under way.
    private let claiming = Atomic(0)
    private let state = Mutex(State())

    init(limit: Int) {
        self.limit = limit
    }

    /// Room for further runs; what is kept for a claim is room for whatever is due.
    var room: Int {
        max(0, self.limit - self.taken.load(ordering: .relaxed) + self.claiming.load(ordering: .relaxed))
    }
    /// Whether a workflow runs that comes after crashes: no second one is taken beside it.
    var hasSuspect: Bool { self.state.withLock { $0.suspects > 0 } }
    /// All runs.
    var all: [Run] { self.state.withLock { Array($0.runs.values) } }

    /// The run of a workflow, if it is in memory.
    subscript(id: String) -> Run? { self.state.withLock { $0.runs[id] } }

    /// Keeps room for a run that is about to start.
    func reserve() -> Bool {
        if self.taken.wrappingAdd(1, ordering: .relaxed).oldValue < self.limit { return true }
        self.unreserve()
        return false
    }

    /// Gives back room that was kept.
    func unreserve() { self.taken.wrappingSubtract(1, ordering: .relaxed) }

    /// Keeps room for what a claim may bring: starts that come while it is under way find none of that.
    ///
    /// - Returns: For how many runs; at most so many.
    func reserve(forClaimOf count: Int) -> Int {
        var taken = self.taken.load(ordering: .relaxed)
        while true {
            let kept = min(count, self.limit - taken)
            guard kept > 0 else { return 0 }
            let (isDone, now) = self.taken.weakCompareExchange(
                expected: taken,
                desired: taken + kept,
                ordering: .relaxed
            )
            if isDone {
                self.claiming.wrappingAdd(kept, ordering: .relaxed)
                return kept
            }
            taken = now
        }
    }

    /// Gives back what was kept for a claim, once what it brought is counted.
    func unreserve(claim count: Int) {
        self.claiming.wrappingSubtract(count, ordering: .relaxed)
        self.taken.wrappingSubtract(count, ordering: .relaxed)
    }

    func insert(_ run: Run) {
        self.state.withLock { state in
            let earlier = state.runs.updateValue(run, forKey: run.id)
            if earlier == nil { self.taken.wrappingAdd(1, ordering: .relaxed) }
            if run.plan.isSuspect { state.suspects += 1 }
        }
    }

    func remove(_ run: Run) {
        let waiters = self.state.withLock { state -> [CheckedContinuation<Void, Never>] in
            if run.plan.isSuspect { state.suspects -= 1 }
            // A later run of the same workflow stays.
            if let index = state.runs.index(forKey: run.id), state.runs.values[index] === run {
                state.runs.remove(at: index)
                self.unreserve()
            }
            guard state.runs.isEmpty else { return [] }
            defer { state.emptied = [] }
            return state.emptied
        }
        for waiter in waiters { waiter.resume() }
    }

    /// Whether the workflow is in memory, under this token if one is given.
    func contains(_ id: String, token: Int64? = nil) -> Bool {
        self.state.withLock { state in
            guard let run = state.runs[id] else { return false }
            return token == nil || run.lane.token == token
        }
    }

    /// Waits until no run is left.
    func waitUntilEmpty() async {
        await withCheckedContinuation { waiter in
            let isEmpty = self.state.withLock { state in
                if state.runs.isEmpty { return true }
                state.emptied.append(waiter)
                return false
            }
            if isEmpty { waiter.resume() }
        }
    }
}

// SPDX-License-Identifier: Apache-2.0

#if canImport(FoundationEssentials)
    public import FoundationEssentials
#else
    public import Foundation
#endif

extension WorkflowContext {
    /// Sleeps, by the database's clock, across crashes and deploys.
    ///
    /// A long sleep costs a row, and no memory.
    ///
    /// - Parameter duration: From now on; not negative, and at most 100 years.
    /// - Throws: ``DurableError`` (`invalidArgument`) for a duration that makes no sense; ``WorkflowInterruption``.
    public func sleep(for duration: Duration) async throws {
        try DatabaseTime.check(duration, as: "the sleep")
        try await self.sleep { now in DatabaseTime.adding(duration, to: now) }
    }

    /// Sleeps until a time of the database's clock.
    ///
    /// A time that is past is over at once.
    ///
    /// - Throws: ``DurableError`` (`invalidArgument`) for a time that makes no sense; ``WorkflowInterruption``.
    public func sleep(until date: Date) async throws {
        let end = try DatabaseTime.due(at: date, now: self.engine.now(), as: "the sleep")
        try await self.sleep { _ in end }
    }

    func sleep(until wakeUp: (Int64) throws -> Int64) async throws {
        switch try await self.begin(.sleep, "sleep") {
        case .recorded: return
        case .live(let call):
            let due: Int64
            if let noted = call.notes.first?.due {
                due = noted
            } else {
                let now = self.timestamp()
                due = try wakeUp(now)
                // The wake-up time is fixed once, before anybody waits for it.
                try await self.submit(
                    JournalRecord(place: call.place, phase: 1, kind: .sleep, name: call.name, at: now, due: due)
                )
            }
            try await self.run.wait(until: due, for: Awaited("sleep"), in: self.branch)
            try await self.submit(
                JournalRecord(
                    place: call.place,
                    phase: 0,
                    kind: .sleep,
                    name: call.name,
                    at: max(due, self.timestamp()),
                    due: due
                )
            )
        }
    }

    /// Whether this workflow runs the code behind a change, or must follow what it recorded before the change.
    ///
    /// ```swift
    /// if try await workflow.patched("fraud-check") {
    ///     try await workflow.step("check-fraud") { step in try await check(order, step) }
    /// }
    /// ```
    ///
    /// - Parameter id: What the change is called; 1 to 128 bytes.
    /// - Returns: True where the workflow comes here for the first time, or has recorded that it took this way.
    public func patched(_ id: String) async throws -> Bool {
        try self.checkAlive()
        // Another call stands here: the history is older than the change, and this call takes no place in it.
        if self.cursor.stands(.patch, id, in: self.run.plan.history) == false { return false }
        switch try await self.begin(.patch, id) {
        case .recorded: return true
        case .live(let call):
            try await self.submit(
                JournalRecord(place: call.place, phase: 0, kind: .patch, name: id, at: self.timestamp())
            )
            return true
        }
    }
}

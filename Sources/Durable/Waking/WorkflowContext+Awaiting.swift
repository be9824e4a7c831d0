// SPDX-License-Identifier: Apache-2.0

import Libpq
import Logging

extension WorkflowContext {
    /// What a look has found.
    struct Sight<Found> {
        /// What was looked for, if it is there.
        var found: Found?
        /// The mailbox count in the same snapshot, or before.
        var seen: Int64
        /// When to look again even if nothing comes in.
        var again: Int64?
    }

    /// Looks for something, waits until something comes in, and looks again, until it is there or the time for it is over.
    ///
    /// The deadline is noted first, in phase 1; what else must be durable before the first look rides with the note.
    ///
    /// - Parameters:
    ///   - call: The call that waits.
    ///   - limit: How long it waits.
    ///   - awaited: What it waits for.
    ///   - riders: What is to be durable before the first look; with any, the note is written even without a deadline.
    ///   - look: Looks; called again after every wake-up.
    /// - Returns: What was found; nil when the time is over. The deadline.
    func await<Found>(
        _ call: LiveCall,
        _ limit: WaitLimit,
        for awaited: Awaited,
        riders: [Rider] = [],
        look: (_ begun: Int64) async throws -> Sight<Found>
    ) async throws -> (found: Found?, due: Int64?) {
        let due: Int64?
        let begun: Int64
        if let note = call.notes.first {
            due = note.due
            begun = note.at
        } else {
            begun = self.timestamp()
            due = try limit.due(now: begun, as: "the wait for \(awaited.words)")
            if due != nil || !riders.isEmpty {
                var note = JournalRecord(place: call.place, phase: 1, kind: call.kind, name: call.name, at: begun)
                note.due = due
                let ticket = try await self.submit(note, riders: riders)
                if !riders.isEmpty { try await self.waitUntilDurable(ticket) }
            }
        }
        while true {
            let now = self.engine.now()
            let sight = try await look(begun)
            self.run.stir(sight.seen)
            if let found = sight.found { return (found, due) }
            if let due, due <= now { return (nil, due) }
            let next = [due, sight.again].compactMap { $0 }.min()
            try await self.run.wait(until: next, for: awaited, seen: sight.seen, in: self.branch)
            try self.checkAlive()
        }
    }

    /// Runs a statement that reads, or that may be repeated, and repeats it while the database is away.
    func ask(_ statement: Statement) async throws -> Rows {
        var tries = 0
        while true {
            try self.checkAlive()
            do {
                return try await self.engine.directory.run(statement, for: self.run.id)
            } catch let error as DurableError where error.code == .databaseUnavailable || error.isOfLock {
                if tries == 0 { self.run.logger.warning("wait.look_failed", metadata: ["error": "\(error)"]) }
                tries += 1
                await Backoff.pause(tries)
            }
        }
    }
}

extension DurableError {
    /// A lock was not to be had in time, or had to be given up.
    fileprivate var isOfLock: Bool {
        guard let error = self.underlying as? PostgresError else { return false }
        return error.isConflict || error.sqlState == "55P03"
    }
}

// SPDX-License-Identifier: Apache-2.0

import Libpq
import Logging
import Synchronization

/// The mailbox of a run: what its branches look for, and have taken.
extension Run {
    /// Looks for messages, and takes the first that no other branch has taken.
    ///
    /// Repeats while the database is away.
    ///
    /// - Parameter isWanted: Whether a message may be taken: not one that was sent after the deadline.
    /// - Returns: The messages, and the mailbox count at the time of the look, to wait on.
    func takeMail(
        _ name: String,
        atMost limit: Int,
        where isWanted: (Mail.Message) -> Bool
    ) async throws -> (messages: [Mail.Message], seen: Int64, nudges: Int) {
        var tries = 0
        while true {
            try self.checkAlive()
            if let ticket = self.state.withLock({ $0.settling }) {
                // What a decided race frees has its old place in the order: nothing behind it may be taken before.
                do {
                    try await self.engine.writer.waitUntilDurable(ticket, of: self.lane)
                } catch {
                    throw self.isInterrupted ? self.interruptionError : self.laneFailed()
                }
            }
            let (look, taken, nudges) = self.state.withLock { ($0.taken.lookBegan(), $0.taken.count, $0.nudges) }
            let asked = limit + taken
            let found: Mail
            do {
                found = try await self.engine.mail.look(self.id, name, atMost: asked)
            } catch {
                self.state.withLock { $0.taken.lookEnded(look) }
                if tries == 0 { self.logger.warning("receive.look_failed", metadata: ["error": "\(error)"]) }
                tries += 1
                await Backoff.pause(tries)
                continue
            }
            let wanted = found.messages.filter(isWanted)
            let ids = self.state.withLock { state in
                state.taken.lookEnded(look)
                return Set(state.taken.take(wanted.map { $0.id }, atMost: limit))
            }
            if let count = found.count { self.stir(count) }
            // Other branches were faster, and there may be more behind what they took.
            if ids.isEmpty, !wanted.isEmpty, found.messages.count == asked { continue }
            return (wanted.filter { ids.contains($0.id) }, found.count ?? self.mailbox, nudges)
        }
    }

    /// Messages were taken and are not recorded after all: another branch may have them.
    func giveBack(_ messages: [Mail.Message]) {
        self.state.withLock { $0.taken.giveBack(messages.map { $0.id }) }
        self.nudge()
    }

    /// Lets go of messages once the record of their receive is durable.
    ///
    /// - Parameter scope: The scope of the receive, where it is in a race, and may yet lose.
    func forget(_ messages: [Mail.Message], after ticket: Int, racingIn scope: String?) {
        let ids = messages.map { $0.id }
        if let scope { self.state.withLock { $0.raced.append((scope, ids)) } }
        self.lane.whenDurable(ticket) { [weak self] outcome in
            if case .success = outcome { self?.state.withLock { $0.taken.deleted(ids) } }
        }
    }

    /// Whether branches of a race may have taken messages, in this run or in one before.
    func mayHaveTaken(in group: String) -> Bool {
        !self.plan.history.isEmpty || self.state.withLock { $0.raced.contains { $0.scope.hasPrefix(group + "[") } }
    }

    /// A race is decided: once that is durable, other branches may have what the losers had taken.
    func settled(_ race: RaceSettlement, after ticket: Int) {
        self.state.withLock { $0.settling = ticket }
        self.lane.whenDurable(ticket) { [weak self] outcome in
            guard let self, case .success = outcome else { return }
            let isFreed = self.state.withLock { state in
                let lost = state.raced.filter { race.isLost($0.scope) }
                // What the winner of the outermost race has received is consumed.
                state.raced.removeAll {
                    race.isLost($0.scope) || !race.isNested && $0.scope.hasPrefix(race.group + "[")
                }
                for (_, ids) in lost { state.taken.giveBack(ids) }
                if state.settling == ticket { state.settling = nil }
                return !lost.isEmpty
            }
            if isFreed { self.nudge() }
        }
    }
}

// SPDX-License-Identifier: Apache-2.0

import Libpq
import Synchronization

extension JournalWriter {
    /// Waits until a row is durable, and with it all earlier rows of its run.
    ///
    /// Who waits for a row that travels alone looks for the answer himself for a moment, see ``ReplySpin``.
    package func waitUntilDurable(_ ticket: Int, of lane: RunLane) async throws {
        self.look(for: ticket, of: lane)
        try await lane.waitUntilDurable(ticket)
    }

    /// Looks for the answer to a row that travels alone for a moment: an ordinary function, since whatever a step waits in is memory
    /// of every workflow in flight.
    func look(for ticket: Int, of lane: RunLane) {
        guard self.lonely.load(ordering: .relaxed) == lane.number, !lane.isDurable(ticket) else { return }
        let spin = self.state.withLock { state -> (PostgresConnection, Duration)? in
            guard let lone = state.queue.lone, lone.laneNumber == lane.number else { return nil }
            guard let connection = state.connections[lone.connection], let limit = state.spin.next() else { return nil }
            return (connection, limit)
        }
        guard let (connection, limit) = spin else { return }
        // Rows of others that come in meanwhile make a batch, and batches are the poller's.
        let isAnswered = connection.spin(for: limit) { self.state.withLock { $0.queue.pendingCount == 0 } }
        self.state.withLock { state in
            if isAnswered || state.queue.pendingCount == 0 { state.spin.ended(answered: isAnswered) }
        }
    }
}

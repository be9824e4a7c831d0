// SPDX-License-Identifier: Apache-2.0

import Libpq
import Synchronization

/// Batches on their way: out over a connection, and back as commits.
extension JournalWriter {
    struct Transmission {
        let send: WriteQueue<WriteEntry>.Send
        let connection: PostgresConnection
        let executor: ExecutorIdentity
        let isExplicit: Bool
        let way: SessionFence.Way
    }

    func nextTransmission(_ state: inout State) -> Transmission? {
        guard !state.isStopped, let executor = state.executor, let send = state.queue.next() else { return nil }
        // The queue sends over connections that were adopted, and only `stop` takes one away.
        guard let connection = state.connections[send.connection] else { return nil }
        self.lonely.store(send.entries.count == 1 ? send.entries[0].laneNumber : 0, ordering: .relaxed)
        let isAlone = !state.isExplicit && BatchEncoder.lone(send.entries) != nil
        return Transmission(
            send: send,
            connection: connection,
            executor: executor,
            isExplicit: state.isExplicit,
            way: isAlone ? connection.withSessionFence { $0.way(for: executor) } : .call
        )
    }

    /// Sends whatever should be sent now.
    func pump() {
        while let transmission = self.state.withLock({ self.nextTransmission(&$0) }) {
            self.transmit(transmission)
        }
    }

    func transmit(_ transmission: Transmission) {
        let entries = transmission.send.entries
        let index = transmission.send.connection
        let batch = self.encoder.encode(
            entries,
            as: transmission.executor,
            isExplicit: transmission.isExplicit,
            way: transmission.way
        )
        self.probe?.willCommit(entries)
        let sent = self.metrics.map { _ in ContinuousClock.now }
        transmission.connection.send(batch.pipeline, deadline: self.batchDeadline) { result in
            if let probe = self.probe, probe.isCut(after: entries, result) {
                return self.settle(entries, on: index, after: .lost)
            }
            self.heard(result, of: batch, transmission)
            switch result {
            case .success(let results) where batch.isComplete(results):
                if let sent { self.metrics?.committed(entries.count, since: sent) }
                self.committed(entries, on: index)
            case .success:
                self.settle(entries, on: index, after: .miscounted)
            case .failure(let error):
                let isOpen = transmission.isExplicit && !error.isConnectionLost
                self.settle(entries, on: index, after: .failed(error), isOpen: isOpen)
            }
        }
    }

    /// What a reply says of the session's fence.
    private func heard(
        _ result: Result<[StatementResult], PostgresError>,
        of batch: BatchEncoder.Batch,
        _ transmission: Transmission
    ) {
        guard case .success(let results) = result else { return }
        switch batch.way {
        case .held where !batch.isComplete(results): transmission.connection.withSessionFence { $0.forgotten() }
        case .callAndHold:
            // A reply that does not decode is one that does not hold.
            let proof = try? results.last?.rows.first?.decode(0, as: String?.self)
            transmission.connection.withSessionFence { $0.answered(proof, for: transmission.executor) }
        case .call, .held: return
        }
    }

    /// A batch has committed.
    ///
    /// Runs on the poller's thread, or on one that spins for its commit.
    private func committed(_ entries: [WriteEntry], on index: Int) {
        let first = self.state.withLock { state -> Transmission? in
            state.queue.settled(index, holding: entries.count > 1)
            // Enough rows wait already: the server gets its next work before this batch's runs are woken.
            return self.nextTransmission(&state)
        }
        if let first { self.transmit(first) }
        self.acknowledge(entries)
        if entries.count > 1 {
            // A job behind those of the woken runs: when it runs they have had their turn, and the next batch carries their
            // rows. It must always look for work: it may overtake them, and then nobody else would.
            Task.detached { self.release() }
        } else {
            self.pump()
        }
        self.wakeIdleWaiters()
    }

    private func release() {
        self.state.withLock { $0.queue.released() }
        self.pump()
    }

    /// Tells every run how many of its rows are durable, and wakes who waited for them.
    func acknowledge(_ entries: [WriteEntry]) {
        for entry in entries { entry.lane.acknowledge(1) }
    }

    func wakeIdleWaiters() {
        let waiters = self.state.withLock { state -> [UnsafeContinuation<Void, Never>] in
            var waiters: [UnsafeContinuation<Void, Never>] = []
            if !state.congested.isEmpty, state.queue.waitingBytes <= JournalWriter.highWater {
                waiters += state.congested
                state.congested = []
            }
            if !state.drained.isEmpty, state.queue.isEmpty {
                waiters += state.drained
                state.drained = []
            }
            return waiters
        }
        for waiter in waiters { waiter.resume() }
    }
}

// SPDX-License-Identifier: Apache-2.0

import Libpq
import Logging
import Synchronization

/// What happens to a batch that was not simply committed: rare, and free to take its time. Meanwhile its connection counts as
/// busy, so that no later row of its runs overtakes it.
extension JournalWriter {
    /// Finds out what became of a batch, row by row if need be, and puts the connection back to work.
    ///
    /// - Parameter isOpen: Whether its transaction, begun in words, has failed and is still open.
    func settle(_ entries: [WriteEntry], on index: Int, after failure: BatchFailure, isOpen: Bool = false) {
        self.state.withLock { $0.queue.met(troubleOn: index) }
        self.pump()
        Task.detached { [self] in
            if isOpen, let connection = self.state.withLock({ $0.connections[index] }) {
                await self.rollBack(connection)
            }
            await self.finish(entries, on: index, after: failure)
            _ = self.state.withLock { $0.queue.settled(index) }
            self.pump()
            self.wakeIdleWaiters()
        }
    }

    private var isStopped: Bool { self.state.withLock { $0.isStopped } }

    private func finish(_ entries: [WriteEntry], on index: Int, after failure: BatchFailure) async {
        var entries = entries
        var failure = failure
        var tries = 0
        while !entries.isEmpty {
            if self.isStopped { return self.fail(entries, with: DurableError(.notRunning, "the engine was stopped")) }
            let remedy = BatchRemedy(failure)
            self.report(failure, remedy, rows: entries.count, try: tries)
            switch remedy {
            case .superseded(let ending):
                let executor = entries[0].lane.executor
                self.fail(entries, with: SupersededRun())
                self.events.superseded(executor, ending)
                return
            case .sayBegin:
                self.state.withLock { $0.isExplicit = true }
                // Where BEGIN does not help either, it is no reason to hurry.
                if tries > 1 { await self.pause(tries) }
            case .waitForWrites:
                self.state.withLock { $0.isExplicit = false }
                await self.pause(tries)
            case .reconnect:
                await self.reconnect(index, as: entries[0].lane.executor)
                guard let rest = await self.inspect(entries, on: index) else { continue }
                entries = rest
            case .inspect:
                guard let rest = await self.inspect(entries, on: index) else {
                    failure = .lost
                    continue
                }
                entries = rest
            case .stepAside:
                if self.laneCount(entries) > 1 { return await self.divide(entries, on: index, after: failure) }
                return self.postpone(entries, of: entries[0].lane, on: index)
            case .retry:
                if self.laneCount(entries) > 1 { return await self.divide(entries, on: index, after: failure) }
                await self.pause(tries)
            case .divide:
                if self.laneCount(entries) > 1 { return await self.divide(entries, on: index, after: failure) }
                if case .failed(let error) = failure {
                    self.logger.error(
                        "journal.record_refused",
                        metadata: ["workflow.id": "\(entries[0].lane.workflow)", "error": "\(error)"]
                    )
                    self.fail(entries, with: error)
                }
                return
            }
            if entries.isEmpty { return }
            tries += 1
            switch await self.send(entries, on: index) {
            case .committed:
                self.acknowledge(entries)
                return
            case .failed(let next): failure = next
            }
        }
    }

    /// Puts the rows of one run aside for a while: a stranger may hold his lock for as long as he likes.
    private func postpone(_ entries: [WriteEntry], of lane: RunLane, on index: Int) {
        let times = self.state.withLock { $0.queue.postpone(entries, of: lane.number, on: index) }
        Task.detached { [self] in
            await self.pause(times)
            self.state.withLock { $0.queue.returned(lane.number) }
            self.pump()
        }
    }

    private enum Attempt {
        case committed
        case failed(BatchFailure)
    }

    private func send(_ entries: [WriteEntry], on index: Int) async -> Attempt {
        let (connection, executor, isExplicit) = self.state.withLock {
            ($0.connections[index], $0.executor, $0.isExplicit)
        }
        guard let connection, let executor else { return .failed(.lost) }
        guard entries.allSatisfy({ $0.lane.executor == executor }) else {
            self.fail(entries.filter { $0.lane.executor != executor }, with: SupersededRun())
            return await self.send(entries.filter { $0.lane.executor == executor }, on: index)
        }
        let batch = self.encoder.encode(entries, as: executor, isExplicit: isExplicit)
        let result = await withUnsafeContinuation { waiter in
            connection.send(batch.pipeline, deadline: self.batchDeadline) { waiter.resume(returning: $0) }
        }
        switch result {
        case .success(let results): return batch.isComplete(results) ? .committed : .failed(.miscounted)
        case .failure(let error):
            if isExplicit, !error.isConnectionLost { await self.rollBack(connection) }
            return .failed(.failed(error))
        }
    }

    private func rollBack(_ connection: PostgresConnection) async {
        await withUnsafeContinuation { (waiter: UnsafeContinuation<Void, Never>) in
            connection.send(Pipeline([Statement(JournalWriter.rollback, [])]), deadline: self.batchDeadline) { _ in
                waiter.resume()
            }
        }
    }

    private static let rollback = StatementText("ROLLBACK")

    /// Each half on its own, the rows of one run together, so that the order within a run stays.
    private func divide(_ entries: [WriteEntry], on index: Int, after failure: BatchFailure) async {
        var lanes: [UInt64] = []
        for entry in entries where !lanes.contains(entry.lane.number) { lanes.append(entry.lane.number) }
        let first = Set(lanes.prefix(lanes.count / 2))
        for half in [
            entries.filter { first.contains($0.lane.number) }, entries.filter { !first.contains($0.lane.number) },
        ]
        where !half.isEmpty {
            switch await self.send(half, on: index) {
            case .committed: self.acknowledge(half)
            case .failed(let next): await self.finish(half, on: index, after: next)
            }
        }
    }

    private func laneCount(_ entries: [WriteEntry]) -> Int {
        Set(entries.map { $0.lane.number }).count
    }

    /// Ends runs, with everything of theirs that waits behind.
    private func fail(_ entries: [WriteEntry], with error: any Error) {
        let lanes = Set(entries.map { $0.lane.number })
        for entry in entries { entry.lane.fail(error) }
        _ = self.state.withLock { $0.queue.withdraw { lanes.contains($0.lane.number) } }
    }

    // MARK: - Looking

    /// Sees which rows are there: those of the same run are acknowledged, a run that meets another's row is over.
    ///
    /// - Returns: What is still to be sent; nil when the connection was lost while looking.
    private func inspect(_ entries: [WriteEntry], on index: Int) async -> [WriteEntry]? {
        guard let connection = self.state.withLock({ $0.connections[index] }) else { return nil }
        let found: JournalFindings
        do {
            found = try await JournalFindings(
                of: entries,
                over: connection,
                statements: self.statements,
                deadline: self.batchDeadline
            )
            // Seen is not yet durable: its session may have been ended while it waited for a standby. A later commit settles it.
            if entries.contains(where: { found.fate(of: $0) == .own }) {
                let commit = Pipeline([Statement(self.statements.commit, [])])
                try await connection.run(commit, deadline: self.batchDeadline)
            }
        } catch {
            self.logger.warning(
                "journal.inspection_failed",
                metadata: ["error": "\(error)"]
            )
            await self.pause(1)
            return nil
        }
        var rest: [WriteEntry] = []
        var over: Set<UInt64> = []
        for entry in entries where !over.contains(entry.lane.number) {
            switch found.fate(of: entry) {
            case .absent: rest.append(entry)
            case .own: self.acknowledge([entry])
            case .foreign:
                over.insert(entry.lane.number)
                let error: any Error =
                    if case .start = entry.row { StartTaken() } else { SupersededRun() }
                self.fail([entry], with: error)
            }
        }
        return rest.filter { !over.contains($0.lane.number) }
    }

    // MARK: - Connections

    /// Opens a new connection in place of a lost one, however long the database is away, and sees to it that the lost one
    /// carries out nothing any more.
    private func reconnect(_ index: Int, as executor: ExecutorIdentity) async {
        let old = self.state.withLock { state in
            defer { state.connections[index] = nil }
            return state.connections[index]
        }
        old?.close()
        let lost = old.flatMap { LostSession(of: $0, with: executor) }
        var tries = 0
        while !self.isStopped {
            do {
                let connection = try await PostgresConnection.connect(self.configuration)
                try await lost?.end(logger: self.logger, while: { !self.isStopped }) {
                    try await connection.run($0, deadline: $1)
                }
                let isLate = self.state.withLock { state in
                    if state.isStopped { return true }
                    state.connections[index] = connection
                    return false
                }
                if isLate { connection.close() }
                return
            } catch {
                if tries == 0 || tries % 20 == 0 {
                    self.logger.warning("journal.database_unavailable", metadata: ["error": "\(error)"])
                }
                await self.pause(tries)
                tries += 1
            }
        }
    }

    private func pause(_ tries: Int) async {
        let milliseconds = min(2_000, 25 << min(tries, 6))
        // A cancelled sleep only shortens the pause.
        try? await Task.sleep(for: .milliseconds(Int.random(in: milliseconds / 2...milliseconds)))
    }

    private func report(_ failure: BatchFailure, _ remedy: BatchRemedy, rows: Int, try tries: Int) {
        guard case .failed(let error) = failure else { return }
        self.logger.log(
            level: remedy == .inspect || tries > 0 ? .debug : .info,
            "journal.batch_failed",
            metadata: ["rows": "\(rows)", "remedy": "\(remedy)", "error": "\(error)"]
        )
    }
}

/// The id of a start belongs to a workflow that was started before.
package struct StartTaken: Error {
    package init() {}
}

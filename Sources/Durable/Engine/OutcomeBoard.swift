// SPDX-License-Identifier: Apache-2.0

package import Libpq
package import Logging
import Synchronization

/// Tells whoever waits for the end of a workflow: at once when it ends in this process, else by asking the database, for all
/// that are waited for in one query.
package final class OutcomeBoard: Sendable {
    private typealias Waiter = CheckedContinuation<Outcome, any Error>

    private struct State {
        var waiters: [String: [(number: UInt64, waiter: Waiter)]] = [:]
        var next: UInt64 = 0
        var asking: Task<Void, Never>?
        var interval = OutcomeBoard.first
        var isStopped = false
    }

    /// How long after a question the first one follows; each further one comes later, up to the poll interval.
    private static let first = Duration.milliseconds(10)

    private let pool: PostgresPool
    private let outcomes: StatementText
    private let pending: StatementText
    private let poll: Duration
    /// The longest time between two questions.
    var interval: Duration { self.poll }
    private let logger: Logger
    /// Whether a workflow is in memory: then its end is told by whoever ends it.
    private let isRunning: @Sendable (String) -> Bool
    private let state = Mutex(State())

    package init(
        pool: PostgresPool,
        schema: SchemaName,
        poll: Duration,
        logger: Logger,
        isRunning: @escaping @Sendable (String) -> Bool = { _ in false }
    ) {
        self.pool = pool
        self.outcomes = StatementText(
            "SELECT workflow_id, status::text, output, error FROM \(schema.quoted).outcome WHERE workflow_id = ANY ($1)",
            types: [PostgresType.text.array]
        )
        self.pending = StatementText(
            "SELECT id FROM \(schema.quoted).workflow WHERE id = ANY ($1)",
            types: [PostgresType.text.array]
        )
        self.poll = poll
        self.logger = logger
        self.isRunning = isRunning
    }

    /// Waits until a workflow has ended.
    ///
    /// - Throws: `CancellationError` when the calling task is cancelled; `DurableError.workflowNotFound` when no workflow has
    ///   this id, or it was deleted.
    package func outcome(of id: String) async throws -> Outcome {
        let number = self.state.withLock { state in
            state.next += 1
            return state.next
        }
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { (waiter: Waiter) in
                let isLocal = self.isRunning(id)
                let isStopped = self.state.withLock { state in
                    if state.isStopped { return true }
                    state.waiters[id, default: []].append((number, waiter))
                    if !isLocal { state.interval = OutcomeBoard.first }
                    if state.asking == nil { state.asking = Task.detached { await self.ask() } }
                    return false
                }
                if isStopped {
                    waiter.resume(throwing: DurableError(.notRunning, "the engine was stopped", workflow: id))
                } else if Task.isCancelled {
                    self.abandon(id, number)
                }
            }
        } onCancel: {
            self.abandon(id, number)
        }
    }

    /// Tells everybody who waits for a workflow how it ended.
    package func deliver(_ outcome: Outcome, for id: String) {
        let waiters = self.state.withLock { $0.waiters.removeValue(forKey: id) }
        for (_, waiter) in waiters ?? [] { waiter.resume(returning: outcome) }
    }

    /// Ends every wait.
    package func stop() {
        let (waiters, task) = self.state.withLock { state in
            state.isStopped = true
            defer { state.waiters = [:] }
            return (state.waiters, state.asking)
        }
        task?.cancel()
        for (id, waiting) in waiters {
            for (_, waiter) in waiting {
                waiter.resume(throwing: DurableError(.notRunning, "the engine was stopped", workflow: id))
            }
        }
    }

    private func abandon(_ id: String, _ number: UInt64) {
        let waiter = self.state.withLock { state -> Waiter? in
            guard let index = state.waiters[id]?.firstIndex(where: { $0.number == number }) else { return nil }
            let waiter = state.waiters[id]?.remove(at: index).waiter
            if state.waiters[id]?.isEmpty == true { state.waiters[id] = nil }
            return waiter
        }
        waiter?.resume(throwing: CancellationError())
    }

    /// Asks for as long as somebody waits.
    private func ask() async {
        while true {
            let awaited = self.state.withLock { state -> [String]? in
                if state.waiters.isEmpty || state.isStopped {
                    state.asking = nil
                    return nil
                }
                return Array(state.waiters.keys)
            }
            guard let awaited else { return }
            let remote = awaited.filter { !self.isRunning($0) }
            if !remote.isEmpty {
                do {
                    try await self.ask(for: remote)
                } catch {
                    self.logger.debug("outcome.unavailable", metadata: ["error": "\(error)"])
                }
            }
            let interval = self.state.withLock { state in
                defer { state.interval = min(state.interval * 3 / 2, self.poll) }
                return state.interval
            }
            // A cancelled sleep: the board was stopped, which the next turn sees.
            try? await Task.sleep(for: interval)
        }
    }

    private func ask(for ids: [String]) async throws {
        var column = ArrayColumn(.text)
        for id in ids { column.append(id) }
        let results = try await self.pool.withConnection { connection in
            // Which ids exist is read first: what is deleted in between counts as there, and is asked for again.
            try await connection.run(
                Pipeline([Statement(self.pending, [column.parameter]), Statement(self.outcomes, [column.parameter])])
            )
        }
        let known = try Set(results[0].rows.map { try $0.decode(0, as: String.self) })
        for row in results[1].rows {
            let status = WorkflowState(rawValue: try row.decode(1, as: String.self)) ?? .failed
            self.deliver(
                Outcome(status: status, output: row.bytes(2), error: row.bytes(3)),
                for: try row.decode(0, as: String.self)
            )
        }
        for id in ids where !known.contains(id) {
            let waiters = self.state.withLock { $0.waiters.removeValue(forKey: id) }
            for (_, waiter) in waiters ?? [] {
                waiter.resume(
                    throwing: DurableError(.workflowNotFound, "no workflow has the id \"\(id)\"", workflow: id)
                )
            }
        }
    }
}

// SPDX-License-Identifier: Apache-2.0

import Libpq
import Logging

/// Carries requests to cancel, and the ends of children, to where they belong.
///
/// Both lie in tables until they are carried out, so a turn may be missed, and every process may take one.
struct LineageRouter: Sendable {
    /// How many rows one turn takes.
    static let batch: Int32 = 1_000

    let pool: PostgresPool
    let statements: LineageStatements
    let notifier: WakeNotifier
    let runs: RunTable
    let executor: @Sendable () -> Int32?
    /// Rings when there is something to do before the next poll.
    let bell: Bell

    func turn() async throws {
        while !Task.isCancelled {
            let cancelled = try await self.run(self.statements.routeCancellations, [Parameter(Self.batch)])[0].rows
            let children = try await self.run(self.statements.routeChildren, [Parameter(Self.batch)])[0].rows
            guard let cancelled = cancelled.first, let children = children.first else { return }
            let (ended, woken): (Int64, Int64) = try cancelled.decode((Int64, Int64).self)
            let (taken, released, completed): (Int64, Int64, Int64) = try children.decode((Int64, Int64, Int64).self)
            if completed > 0 { self.notifier.post(.inbox) }
            if woken > 0 || released > 0 { self.notifier.post(.claim) }
            // What was ended was nobody's in particular: whoever started it as a child is told by the next turn.
            if ended + woken < Int64(Self.batch), taken < Int64(Self.batch), ended == 0 { break }
        }
        guard let executor = self.executor() else { return }
        for row in try await self.run(self.statements.requested, [Parameter(executor)])[0].rows {
            let (id, token, request, reason) = try row.decode((String, Int64?, Int64, String?).self)
            guard let run = self.runs[id], run.lane.token == token else { continue }
            run.cancel(CancellationRequest(id: request, reason: reason))
        }
    }

    private func run(_ statement: StatementText, _ parameters: [Parameter]) async throws -> [StatementResult] {
        let transaction = ShortTransaction(statements: [Statement(statement, parameters)])
        return try await self.pool.withConnection { connection in
            try await transaction.run(on: connection, deadline: .seconds(10))
        }
    }
}

extension Run {
    /// Ends the run, since somebody asked for the workflow's end: its steps are cancelled, and what follows cleans up.
    func cancel(_ request: CancellationRequest) {
        let interruption = Interruption(
            cause: .cancelled,
            cleanUp: request.cleanUp,
            request: request.id
        )
        if self.interrupt(interruption) { self.logger.notice("workflow.cancelling") }
    }
}

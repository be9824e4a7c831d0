// SPDX-License-Identifier: Apache-2.0

import Libpq
import Logging
import Synchronization

/// What people ask of this process: it pauses and ends what they name, and starts nothing of a type that they have paused.
///
/// One look before the engine is ready: what was paused stays so across restarts. Then each poll says what is paused, and whether there is
/// anything to obey.
final class OperatorDesk: Sendable {
    private let pool: PostgresPool
    private let statements: OperationStatements
    private let logger: Logger
    private let pausedNames = Mutex<Set<String>>([])

    init(pool: PostgresPool, statements: OperationStatements, logger: Logger) {
        self.pool = pool
        self.statements = statements
        self.logger = logger
    }

    /// Whether a workflow type was paused when this process last looked: starts of it are left queued.
    func hasPaused(_ name: String) -> Bool { self.pausedNames.withLock { !$0.isEmpty && $0.contains(name) } }

    /// These types are paused, and no others.
    func learn(paused names: Set<String>) { self.pausedNames.withLock { $0 = names } }

    /// Looks, and obeys.
    func turn(as executor: Int32, runs: RunTable, coder: PayloadCoder) async throws {
        let transaction = ShortTransaction(statements: [
            Statement(self.statements.routeRequests, [Parameter(executor)]), Statement(self.statements.pausedNames),
        ])
        let results = try await self.pool.withConnection { connection in
            try await transaction.run(on: connection, deadline: .seconds(10))
        }
        let names = Set(try results[1].rows.map { try $0.decode(0, as: String.self) })
        self.learn(paused: names)
        for row in results[0].rows {
            let (id, action, reason) = try row.decode((String, String, String).self)
            guard let run = runs[id] else { continue }
            self.stop(run, action, reason, coder)
        }
    }

    /// The run gives its workflow back, paused.
    ///
    /// What is to be ended is ended by whoever looks next, when nobody owns it.
    private func stop(_ run: Run, _ action: String, _ reason: String, _ coder: PayloadCoder) {
        var release = ReleaseRow(state: .paused, runAt: nil, waitingFor: nil, reason: .operator, error: nil)
        release.error = RecordedError(type: "PausedByOperator", message: reason).encode(by: coder)
        if run.interrupt(Run.Interruption(cause: .paused, release: release)) {
            run.logger.notice("workflow.stopped_by_operator", metadata: ["action": "\(action)"])
        }
    }
}

// SPDX-License-Identifier: Apache-2.0

import Libpq
import Logging

@testable import Durable

/// A registered executor with its recovery.
struct RecoveryFixture: Sendable {
    let executor: Executor
    let lease: Lease
    let recovery: Recovery
    let pool: PostgresPool
    let logs: Recorder<String>

    var number: Int32 { self.lease.identity.number }

    func stop() async {
        await self.executor.stop()
        self.pool.shutdown()
    }
}

extension ExecutorFixture {
    /// Registers an executor that can recover and claim.
    func recovery(
        name: String? = nil,
        options: RecoveryOptions = RecoveryOptions()
    ) async throws -> RecoveryFixture {
        let logs = Recorder<String>()
        let (executor, _) = self.executor(name: name, period: .seconds(10), logs: logs)
        let lease = try await executor.register()
        let pool = PostgresPool(self.configuration, options: PostgresPoolOptions(maximum: 2))
        let recovery = Recovery(
            pool: pool,
            executor: executor,
            fences: self.statements.executors,
            statements: self.statements.recovery,
            claims: self.statements.claims,
            options: options,
            logger: Logger(recordingTo: logs)
        )
        return RecoveryFixture(executor: executor, lease: lease, recovery: recovery, pool: pool, logs: logs)
    }

    /// Records `count` steps of a workflow.
    func record(_ count: Int, of workflow: String) async throws {
        try await self.sql(
            """
            INSERT INTO durable.journal (workflow_id, scope, position, phase, kind, executor, run, name)
            SELECT '\(workflow)', '', coalesce((SELECT max(position) + 1 FROM durable.journal
                                               WHERE workflow_id = '\(workflow)'), 0) + i, 0, 1, 1, 1, 'step'
            FROM generate_series(0, \(count - 1)) AS i
            """
        )
    }

    /// One row of `live`, as text.
    func live(_ workflow: String, _ columns: String) async throws -> String {
        try await self.value(
            "SELECT concat_ws(' ', \(columns)) FROM durable.live WHERE workflow_id = '\(workflow)'",
            as: String.self
        )
    }
}

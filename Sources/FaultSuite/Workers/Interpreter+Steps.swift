// SPDX-License-Identifier: Apache-2.0

import Durable
import FaultProcesses
import Libpq

extension Interpreter {
    /// A step: a line in the file where each attempt begins, and where one ends well.
    func step(_ name: String, _ plan: StepPlan, _ digest: Int64, _ context: WorkflowContext) async throws -> Int64 {
        let effects = self.effects
        let retry = RetryPolicy.constant(attempts: plan.attempts, delay: .milliseconds(3))
        let body: @Sendable (StepContext) async throws -> Int64 = { step in
            effects.step(.begin, step, name, digest)
            if plan.milliseconds > 0 { try await Task.sleep(for: .milliseconds(plan.milliseconds)) }
            if step.attempt <= plan.failures { throw PlannedFailure() }
            let value = Int64.random(in: 0 ... .max)
            effects.step(.end, step, name, digest, "\(value)")
            return value
        }
        guard plan.undo != .none else { return try await context.step(name, retry: retry, body) }
        return try await context.step(name, retry: retry, undoRetry: Self.retry(of: plan.undo), body) { value, step in
            // What it undoes is what was recorded, however often it is tried.
            effects.step(.begin, step, "undo \(name)", value ?? -1)
            try Self.checkUndo(plan.undo, attempt: step.attempt)
            effects.step(.end, step, "undo \(name)", value ?? -1)
        }
    }

    /// A transaction that increments the workflow's counter, and says so in a row of its own.
    func transaction(
        _ name: String,
        _ plan: TransactionPlan,
        _ digest: Int64,
        _ context: WorkflowContext
    ) async throws -> Int64 {
        let body: @Sendable @concurrent (Transaction) async throws -> Int64 = { transaction in
            let value = try await Self.increment(name, digest, transaction)
            if plan.fails { throw PlannedFailure() }
            return value
        }
        guard plan.undo != .none else { return try await context.transaction(name, body) }
        let retry = Self.retry(of: plan.undo)
        return try await context.transaction(name, undoRetry: retry, body) { value, transaction in
            _ = try await Self.increment("undo \(name)", value, transaction)
        }
    }

    static func increment(_ name: String, _ digest: Int64, _ transaction: Transaction) async throws -> Int64 {
        try await transaction.execute(
            """
            INSERT INTO faults.counter AS c (workflow, value) VALUES (\(transaction.workflow), 1)
            ON CONFLICT (workflow) DO UPDATE SET value = c.value + 1
            """
        )
        let rows = try await transaction.query(
            """
            INSERT INTO faults.effect (workflow, name, digest, pid)
            VALUES (\(transaction.workflow), \(name), \(digest), \(System.pid)) RETURNING id
            """
        )
        return try rows.first?.decode(0, as: Int64.self) ?? -1
    }

    private static func retry(of undo: UndoPlan) -> RetryPolicy {
        .constant(attempts: undo == .never ? 1 : 3, delay: .milliseconds(3))
    }

    private static func checkUndo(_ plan: UndoPlan, attempt: Int) throws {
        switch plan {
        case .none, .works: break
        case .flaky: if attempt == 1 { throw PlannedFailure() }
        case .never: throw PlannedFailure()
        }
    }
}

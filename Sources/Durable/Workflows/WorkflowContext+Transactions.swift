// SPDX-License-Identifier: Apache-2.0

public import Libpq

extension WorkflowContext {
    /// Runs a transaction step: what the body writes and the step's checkpoint commit in one transaction, exactly once.
    ///
    /// ```swift
    /// let reservation = try await workflow.transaction("reserve") { transaction in
    ///     try await transaction.execute("INSERT INTO reservation (order_id) VALUES (\(order.id))")
    ///     return Reservation(orderID: order.id)
    /// }
    /// ```
    ///
    /// - Parameters:
    ///   - name: What it is called in the journal, views and logs; 1 to 128 bytes.
    ///   - isolation: The isolation level. A serialization failure or deadlock repeats the body, and is not an attempt.
    ///   - retry: When a failed attempt is followed by another; by default never, since what fails is rolled back whole.
    ///   - failures: Error types of this step, besides those of the workflow, that are thrown again as themselves on replay.
    ///   - inputs: What is compared on replay, so that a change of the inputs is seen; by default nothing.
    ///   - body: The work. It commits by returning and rolls back by throwing.
    /// - Returns: What the body returned, now or before a crash.
    /// - Throws: What the last attempt threw, as with a step; its transaction was rolled back.
    @discardableResult
    public func transaction<T: Codable & Sendable>(
        _ name: String,
        isolation: PostgresIsolation = .readCommitted,
        retry: RetryPolicy = .never,
        failures: [any (Error & Codable & Sendable).Type] = [],
        inputs: StepInputs = .none,
        _ body: @escaping @Sendable @concurrent (Transaction) async throws -> T
    ) async throws -> T {
        try await self.transaction(
            name,
            isolation: isolation,
            retry: retry,
            failures: failures,
            inputs: inputs,
            undoing: nil,
            body
        )
    }

    /// The same for a transaction that may have an undo: one that was rolled back has nothing to undo.
    func transaction<T: Codable & Sendable>(
        _ name: String,
        isolation: PostgresIsolation,
        retry: RetryPolicy,
        failures: [any (Error & Codable & Sendable).Type],
        inputs: StepInputs,
        undoing undo: Undo<T>?,
        _ body: @escaping @Sendable @concurrent (Transaction) async throws -> T
    ) async throws -> T {
        switch try await self.begin(.transaction, name, inputs: inputs) {
        case .recorded(let recorded):
            return try await self.recall(recorded, failures: failures, undoing: undo)
        case .live(let call):
            let attempts = try Attempts(of: call, retry: retry, context: self)
            while true {
                _ = try await attempts.next(timeout: nil, context: self)
                do {
                    let step = TransactionStep(call: call, isolation: isolation, context: self)
                    let number = attempts.number
                    let value = try await self.run.traced(StepCall(call, attempt: number, run: self.run)) {
                        try await step.perform(attempts, body)
                    }
                    if let undo { self.run.register(undo.entry(at: call.place, value)) }
                    return value
                } catch let recorded as AlreadyRecorded {
                    return try await self.recall(self.found(recorded, by: call), failures: failures, undoing: undo)
                } catch {
                    try await attempts.failed(error, failures: failures, context: self)
                }
            }
        }
    }

    /// Runs a transaction step that returns nothing.
    public func transaction(
        _ name: String,
        isolation: PostgresIsolation = .readCommitted,
        retry: RetryPolicy = .never,
        failures: [any (Error & Codable & Sendable).Type] = [],
        inputs: StepInputs = .none,
        _ body: @escaping @Sendable @concurrent (Transaction) async throws -> Void
    ) async throws {
        _ = try await self.transaction(name, isolation: isolation, retry: retry, failures: failures, inputs: inputs) {
            transaction in
            try await body(transaction)
            return Nothing()
        }
    }
}

// SPDX-License-Identifier: Apache-2.0

public import Libpq

extension WorkflowContext {
    /// Runs a step that can be undone: if the workflow fails or is cancelled, `undo` runs as a durable step of its own.
    ///
    /// Undos run after the code of the workflow has ended, in reverse order of the program, one after the other. Of two
    /// branches that ran side by side the one that is written later is undone first.
    ///
    /// ```swift
    /// let flight = try await workflow.step("book flight") { step in
    ///     try await airline.book(trip, idempotencyKey: step.idempotencyKey)
    /// } undo: { flight, step in
    ///     try await airline.cancel(flight?.id, booking: step.workflow, idempotencyKey: step.idempotencyKey)
    /// }
    /// ```
    ///
    /// - Parameters:
    ///   - name: What it is called in the journal, views and logs; 1 to 128 bytes.
    ///   - retry: When a failed attempt is followed by another; nil: the engine's default.
    ///   - timeout: How long one attempt may take.
    ///   - failures: Error types of this step, besides those of the workflow, that are thrown again as themselves on replay.
    ///   - inputs: What is compared on replay, so that a change of the inputs is seen; by default nothing.
    ///   - undoRetry: When a failed attempt to undo is followed by another; nil: the engine's default. When the last one has
    ///     failed, the workflow is paused (`undo_failed`); resumed, it tries again.
    ///   - body: The work.
    ///   - undo: Undoes it: given what the body returned, or nil where it failed, or was under way when the workflow was
    ///     cancelled, so that nobody knows what it has done. It may find nothing to undo. Its idempotency key is not the
    ///     step's.
    /// - Returns: What the body returned, now or before a crash.
    /// - Throws: What the last attempt threw, as for a step without an undo.
    @discardableResult
    public func step<T: Codable & Sendable>(
        _ name: String,
        retry: RetryPolicy? = nil,
        timeout: Duration? = nil,
        failures: [any (Error & Codable & Sendable).Type] = [],
        inputs: StepInputs = .none,
        undoRetry: RetryPolicy? = nil,
        _ body: @escaping @Sendable (StepContext) async throws -> T,
        undo: @escaping @Sendable (T?, StepContext) async throws -> Void
    ) async throws -> T {
        try undoRetry?.validate()
        let undoing = Undo<T> { value, context in
            try await context.undo(name, retry: undoRetry) { step in try await undo(value, step) }
        }
        return try await self.step(
            name,
            retry: retry,
            timeout: timeout,
            failures: failures,
            inputs: inputs,
            undoing: undoing,
            body
        )
    }

    /// Runs a step that returns nothing and can be undone.
    public func step(
        _ name: String,
        retry: RetryPolicy? = nil,
        timeout: Duration? = nil,
        failures: [any (Error & Codable & Sendable).Type] = [],
        inputs: StepInputs = .none,
        undoRetry: RetryPolicy? = nil,
        _ body: @escaping @Sendable (StepContext) async throws -> Void,
        undo: @escaping @Sendable (StepContext) async throws -> Void
    ) async throws {
        _ = try await self.step(
            name,
            retry: retry,
            timeout: timeout,
            failures: failures,
            inputs: inputs,
            undoRetry: undoRetry,
            { step in
                try await body(step)
                return Nothing()
            },
            undo: { _, step in try await undo(step) }
        )
    }

    /// Runs a transaction step that can be undone: if the workflow fails or is cancelled, `undo` runs in a transaction of its
    /// own, exactly once.
    ///
    /// ```swift
    /// let seat = try await workflow.transaction("reserve seat") { transaction in
    ///     try await transaction.execute("INSERT INTO seat (trip) VALUES (\(trip.id))")
    ///     return Seat(trip: trip.id)
    /// } undo: { seat, transaction in
    ///     try await transaction.execute("DELETE FROM seat WHERE trip = \(seat.trip)")
    /// }
    /// ```
    ///
    /// - Parameters:
    ///   - name: What it is called in the journal, views and logs; 1 to 128 bytes.
    ///   - isolation: The isolation level of the body; that of `undo` is READ COMMITTED.
    ///   - retry: When a failed attempt is followed by another; by default never, since what fails is rolled back whole.
    ///   - failures: Error types of this step, besides those of the workflow, that are thrown again as themselves on replay.
    ///   - inputs: What is compared on replay, so that a change of the inputs is seen; by default nothing.
    ///   - undoRetry: When a failed attempt to undo is followed by another; nil: the engine's default. When the last one has
    ///     failed, the workflow is paused (`undo_failed`); resumed, it tries again.
    ///   - body: The work.
    ///   - undo: Undoes it, given what the body returned. A transaction that did not commit has nothing to undo.
    /// - Returns: What the body returned, now or before a crash.
    /// - Throws: What the last attempt threw; its transaction was rolled back.
    @discardableResult
    public func transaction<T: Codable & Sendable>(
        _ name: String,
        isolation: PostgresIsolation = .readCommitted,
        retry: RetryPolicy = .never,
        failures: [any (Error & Codable & Sendable).Type] = [],
        inputs: StepInputs = .none,
        undoRetry: RetryPolicy? = nil,
        _ body: @escaping @Sendable @concurrent (Transaction) async throws -> T,
        undo: @escaping @Sendable @concurrent (T, Transaction) async throws -> Void
    ) async throws -> T {
        try undoRetry?.validate()
        let undoing = Undo<T> { value, context in
            guard let value else { return }
            try await context.undo(transaction: name, retry: undoRetry) { transaction in
                try await undo(value, transaction)
            }
        }
        return try await self.transaction(
            name,
            isolation: isolation,
            retry: retry,
            failures: failures,
            inputs: inputs,
            undoing: undoing,
            body
        )
    }

    /// Runs a transaction step that returns nothing and can be undone.
    public func transaction(
        _ name: String,
        isolation: PostgresIsolation = .readCommitted,
        retry: RetryPolicy = .never,
        failures: [any (Error & Codable & Sendable).Type] = [],
        inputs: StepInputs = .none,
        undoRetry: RetryPolicy? = nil,
        _ body: @escaping @Sendable @concurrent (Transaction) async throws -> Void,
        undo: @escaping @Sendable @concurrent (Transaction) async throws -> Void
    ) async throws {
        _ = try await self.transaction(
            name,
            isolation: isolation,
            retry: retry,
            failures: failures,
            inputs: inputs,
            undoRetry: undoRetry,
            { transaction in
                try await body(transaction)
                return Nothing()
            },
            undo: { _, transaction in try await undo(transaction) }
        )
    }
}

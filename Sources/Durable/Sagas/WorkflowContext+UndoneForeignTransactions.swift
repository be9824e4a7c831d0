// SPDX-License-Identifier: Apache-2.0

extension WorkflowContext {
    /// Runs a transaction step on a connection of the service's own Postgres library, that can be undone: if the workflow fails
    /// or is cancelled, `undo` runs in a transaction of its own of the same library, exactly once.
    ///
    /// ```swift
    /// let seat = try await workflow.transaction("reserve seat", on: adapter) { connection in
    ///     try await connection.run("INSERT INTO seat (trip) VALUES ($1)", [trip.id])
    ///     return Seat(trip: trip.id)
    /// } undo: { seat, connection in
    ///     try await connection.run("DELETE FROM seat WHERE trip = $1", [seat.trip])
    /// }
    /// ```
    ///
    /// - Parameters:
    ///   - name: What it is called in the journal, views and logs; 1 to 128 bytes.
    ///   - adapter: Opens and commits the library's transactions.
    ///   - retry: When a failed attempt is followed by another; by default never, since what fails is rolled back whole.
    ///   - failures: Error types of this step, besides those of the workflow, that are thrown again as themselves on replay.
    ///   - undoRetry: When a failed attempt to undo is followed by another; nil: the engine's default. When the last one has
    ///     failed, the workflow is paused (`undo_failed`); resumed, it tries again.
    ///   - body: The work. It commits by returning and rolls back by throwing.
    ///   - undo: Undoes it, given what the body returned. A transaction that did not commit has nothing to undo.
    /// - Returns: What the body returned, now or before a crash.
    /// - Throws: What the last attempt threw; its transaction was rolled back.
    @discardableResult
    public func transaction<Adapter: TransactionAdapter, T: Codable & Sendable>(
        _ name: String,
        on adapter: Adapter,
        retry: RetryPolicy = .never,
        failures: [any (Error & Codable & Sendable).Type] = [],
        undoRetry: RetryPolicy? = nil,
        _ body: @escaping @Sendable @concurrent (Adapter.Connection) async throws -> T,
        undo: @escaping @Sendable @concurrent (T, Adapter.Connection) async throws -> Void
    ) async throws -> T {
        try undoRetry?.validate()
        let undoing = Undo<T> { value, context in
            guard let value else { return }
            try await context.undo(transaction: name, on: adapter, retry: undoRetry) { connection in
                try await undo(value, connection)
            }
        }
        return try await self.transaction(
            name,
            on: adapter,
            retry: retry,
            failures: failures,
            undoing: undoing,
            body
        )
    }

    /// Runs a transaction step that returns nothing and can be undone, on a connection of the service's own Postgres library.
    public func transaction<Adapter: TransactionAdapter>(
        _ name: String,
        on adapter: Adapter,
        retry: RetryPolicy = .never,
        failures: [any (Error & Codable & Sendable).Type] = [],
        undoRetry: RetryPolicy? = nil,
        _ body: @escaping @Sendable @concurrent (Adapter.Connection) async throws -> Void,
        undo: @escaping @Sendable @concurrent (Adapter.Connection) async throws -> Void
    ) async throws {
        _ = try await self.transaction(
            name,
            on: adapter,
            retry: retry,
            failures: failures,
            undoRetry: undoRetry,
            { connection in
                try await body(connection)
                return Nothing()
            },
            undo: { _, connection in try await undo(connection) }
        )
    }

    /// Undoes a transaction by a transaction of the same library.
    private func undo<Adapter: TransactionAdapter>(
        transaction name: String,
        on adapter: Adapter,
        retry: RetryPolicy?,
        _ body: @escaping @Sendable @concurrent (Adapter.Connection) async throws -> Void
    ) async throws {
        try await self.undo(name, by: .transaction, retry: retry) { call, _, attempts in
            let (_, at) = try await self.perform(call, on: adapter, attempt: attempts.number) { connection in
                try await body(connection)
                return Nothing()
            }
            self.clock = max(self.clock, at)
        }
    }
}

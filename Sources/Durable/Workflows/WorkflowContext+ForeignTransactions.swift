// SPDX-License-Identifier: Apache-2.0

extension WorkflowContext {
    /// Runs a transaction step on a connection of the service's own Postgres library: its rows and the checkpoint commit in
    /// that library's transaction.
    ///
    /// - Parameters:
    ///   - name: What it is called in the journal, views and logs; 1 to 128 bytes.
    ///   - adapter: Opens and commits the library's transaction.
    ///   - retry: When a failed attempt is followed by another; by default never, since what fails is rolled back whole.
    ///   - failures: Error types of this step, besides those of the workflow, that are thrown again as themselves on replay.
    ///   - body: The work. It commits by returning and rolls back by throwing.
    /// - Returns: What the body returned, now or before a crash.
    /// - Throws: What the last attempt threw; its transaction was rolled back.
    @discardableResult
    public func transaction<Adapter: TransactionAdapter, T: Codable & Sendable>(
        _ name: String,
        on adapter: Adapter,
        retry: RetryPolicy = .never,
        failures: [any (Error & Codable & Sendable).Type] = [],
        _ body: @escaping @Sendable @concurrent (Adapter.Connection) async throws -> T
    ) async throws -> T {
        try await self.transaction(name, on: adapter, retry: retry, failures: failures, undoing: nil, body)
    }

    /// The same for a transaction that may have an undo: one that was rolled back has nothing to undo.
    func transaction<Adapter: TransactionAdapter, T: Codable & Sendable>(
        _ name: String,
        on adapter: Adapter,
        retry: RetryPolicy,
        failures: [any (Error & Codable & Sendable).Type],
        undoing undo: Undo<T>?,
        _ body: @escaping @Sendable @concurrent (Adapter.Connection) async throws -> T
    ) async throws -> T {
        switch try await self.begin(.transaction, name) {
        case .recorded(let recorded):
            return try await self.recall(recorded, failures: failures, undoing: undo)
        case .live(let call):
            let attempts = try Attempts(of: call, retry: retry, context: self)
            while true {
                _ = try await attempts.next(timeout: nil, context: self)
                do {
                    let (value, at) = try await self.perform(call, on: adapter, attempt: attempts.number, body)
                    self.clock = max(self.clock, at)
                    self.run.metrics?.succeeded(attempts.success(nil, context: self))
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

    /// One attempt.
    func perform<Adapter: TransactionAdapter, T: Encodable & Sendable>(
        _ call: LiveCall,
        on adapter: Adapter,
        attempt: Int,
        _ body: @escaping @Sendable @concurrent (Adapter.Connection) async throws -> T
    ) async throws -> (value: T, at: Int64) {
        let sight = StepCall(call, attempt: attempt, run: self.run)
        let step = ForeignTransactionStep(
            adapter: adapter,
            run: self.run,
            branch: self.branch,
            place: call.place,
            name: call.name,
            label: call.label,
            attempt: attempt,
            sight: sight
        )
        return try await self.run.traced(sight) { try await step.perform(body) }
    }

    /// Runs a transaction step that returns nothing, on a connection of the service's own Postgres library.
    public func transaction<Adapter: TransactionAdapter>(
        _ name: String,
        on adapter: Adapter,
        retry: RetryPolicy = .never,
        failures: [any (Error & Codable & Sendable).Type] = [],
        _ body: @escaping @Sendable @concurrent (Adapter.Connection) async throws -> Void
    ) async throws {
        _ = try await self.transaction(name, on: adapter, retry: retry, failures: failures) { connection in
            try await body(connection)
            return Nothing()
        }
    }
}

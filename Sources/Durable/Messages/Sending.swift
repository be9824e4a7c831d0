// SPDX-License-Identifier: Apache-2.0

extension DurableEngine {
    /// Sends a message to a workflow, wherever it runs, and returns when that is durable.
    ///
    /// It is kept until the workflow receives it; a paused one receives it after it is resumed.
    ///
    /// - Parameters:
    ///   - id: The workflow.
    ///   - name: The name under which it receives the message; 1 to 128 bytes.
    ///   - payload: What the message holds.
    ///   - key: An idempotency key, 1 to 512 bytes: of several messages of one name with the same key the first one is kept.
    /// - Returns: Whether it was sent; false when the key was used before.
    /// - Throws: ``DurableError``: `workflowNotFound`, `workflowEnded`, `unencodable`, `invalidArgument`,
    ///   `databaseUnavailable`.
    @discardableResult
    public func signal<T: Codable & Sendable>(
        _ id: String,
        _ name: String,
        _ payload: T,
        key: String? = nil
    ) async throws -> Bool {
        try await self.core().directory.signal(id, name, payload, key: key)
    }

    /// Sends a signal to a workflow.
    ///
    /// See ``signal(_:_:_:key:)-(_,String,_,_)``.
    @discardableResult
    public func signal<T>(_ id: String, _ signal: Signal<T>, _ payload: T, key: String? = nil) async throws -> Bool {
        try await self.signal(id, signal.name, payload, key: key)
    }
}

extension DurableClient {
    /// Sends a message to a workflow, wherever it runs, and returns when that is durable.
    ///
    /// See ``DurableEngine/signal(_:_:_:key:)-(_,String,_,_)``.
    @discardableResult
    public func signal<T: Codable & Sendable>(
        _ id: String,
        _ name: String,
        _ payload: T,
        key: String? = nil
    ) async throws -> Bool {
        try await self.directory.signal(id, name, payload, key: key)
    }

    /// Sends a signal to a workflow.
    ///
    /// See ``DurableEngine/signal(_:_:_:key:)-(_,String,_,_)``.
    @discardableResult
    public func signal<T>(_ id: String, _ signal: Signal<T>, _ payload: T, key: String? = nil) async throws -> Bool {
        try await self.signal(id, signal.name, payload, key: key)
    }
}

extension Transaction {
    /// Sends a message to a workflow, if and when this transaction commits.
    ///
    /// - Parameters:
    ///   - id: The workflow.
    ///   - name: The name under which it receives the message; 1 to 128 bytes.
    ///   - payload: What the message holds.
    ///   - key: An idempotency key, 1 to 512 bytes.
    /// - Returns: Whether it was sent; false when the key was used before.
    /// - Throws: ``DurableError``: `workflowNotFound` and `workflowEnded`, after which the transaction cannot commit;
    ///   `unencodable`, `invalidArgument`.
    @discardableResult
    public func signal<T: Codable & Sendable>(
        _ id: String,
        _ name: String,
        _ payload: T,
        key: String? = nil
    ) async throws -> Bool {
        let message = try OutgoingMessage(to: id, name, payload, key: key, coder: self.coder)
        let rows = try await self.call(message.statement(self.messages.signal), for: id)
        return try rows.first?.decode(0, as: Bool.self) ?? false
    }

    /// Sends a signal to a workflow, if and when this transaction commits.
    ///
    /// See ``signal(_:_:_:key:)-(_,String,_,_)``.
    @discardableResult
    public func signal<T>(_ id: String, _ signal: Signal<T>, _ payload: T, key: String? = nil) async throws -> Bool {
        try await self.signal(id, signal.name, payload, key: key)
    }
}

extension Transaction {
    /// Publishes an event, if and when this transaction commits.
    ///
    /// - Parameters:
    ///   - event: What happened.
    ///   - payload: What is known of it.
    ///   - key: To what it happened, 1 to 512 bytes.
    /// - Throws: ``DurableError`` (`unencodable`, `invalidArgument`).
    public func publish<T>(_ event: Event<T>, _ payload: T, key: String? = nil) async throws {
        _ = try await self.call(
            try OutgoingEvent(event.name, payload, key: key, coder: self.coder).statement(self.messages),
            for: nil
        )
    }
}

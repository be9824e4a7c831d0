// SPDX-License-Identifier: Apache-2.0

extension DurableClient {
    // MARK: - Tokens

    /// Completes a token.
    ///
    /// - Parameters:
    ///   - token: The token's id.
    ///   - value: What its workflow is given.
    /// - Returns: Whether this call decided it; false: it was completed, failed or expired before, and nothing changed.
    /// - Throws: ``DurableError``: `tokenNotFound`, `workflowEnded`, `unencodable`, `databaseUnavailable`.
    @discardableResult
    public func complete<T: Codable & Sendable>(token: String, with value: T) async throws -> Bool {
        try await self.directory.complete(token: token, value)
    }

    /// Fails a token: its workflow is thrown a ``StepFailure`` with this message and code.
    ///
    /// Returns and throws as `complete(token:with:)`.
    @discardableResult
    public func fail(token: String, message: String, code: String? = nil) async throws -> Bool {
        try await self.directory.fail(token: token, message: message, code: code)
    }

    /// Says that the holder of a token is still at work.
    ///
    /// - Returns: False when the token is decided, and nobody waits for it any more.
    /// - Throws: ``DurableError``: `tokenNotFound`, `databaseUnavailable`.
    @discardableResult
    public func beat(token: String) async throws -> Bool {
        try await self.directory.beat(token: token)
    }

    // MARK: - Events

    /// Publishes an event: it wakes who waits for it, and starts what is registered for it.
    ///
    /// - Parameters:
    ///   - event: What happened.
    ///   - payload: What is known of it.
    ///   - key: To what it happened, 1 to 512 bytes; nil: only who waits for any key is woken.
    /// - Throws: ``DurableError``: `invalidArgument`, `unencodable`, `databaseUnavailable`.
    public func publish<T>(_ event: Event<T>, _ payload: T, key: String? = nil) async throws {
        try await self.directory.publish(event.name, payload, key: key)
    }

    // MARK: - Values

    /// What a workflow has published last, while it runs or afterwards; no process needs to run it.
    ///
    /// - Parameters:
    ///   - value: Which value.
    ///   - id: The workflow.
    ///   - limit: How long to wait until it publishes anything there; by default it does not wait.
    /// - Returns: The value; nil when there is none.
    /// - Throws: ``DurableError``: `workflowNotFound`, `undecodable`, `invalidArgument`, `databaseUnavailable`.
    public func value<T>(_ value: PublishedValue<T>, of id: String, within limit: Duration = .zero) async throws -> T? {
        try await self.directory.value(T.self, value.name, of: id, within: limit)
    }

    // MARK: - Updates

    /// Asks a running workflow for something, and waits for its answer.
    ///
    /// - Parameters:
    ///   - id: The workflow.
    ///   - update: What is asked for.
    ///   - request: The request.
    ///   - updateID: The caller's id of this request, 1 to 512 bytes: asked again under it, the workflow answers once.
    ///   - limit: How long to wait for the answer; the workflow answers all the same.
    /// - Returns: The answer; nil when there was none in time.
    /// - Throws: ``DurableError``: `updateRefused` by the workflow's check, `workflowFailed` when the answering failed,
    ///   `workflowNotFound`, `workflowEnded`, `workflowConflict` when the id was used for another update.
    public func update<Request, Response>(
        _ id: String,
        _ update: Update<Request, Response>,
        _ request: Request,
        id updateID: String,
        within limit: Duration
    ) async throws -> Response? {
        try await self.directory.update(id, update, request, updateID: updateID, within: limit)
    }

    // MARK: - Streams

    /// Reads a stream of a workflow, while it runs and afterwards.
    ///
    /// - Parameters:
    ///   - type: What the elements are.
    ///   - name: The stream.
    ///   - id: The workflow.
    ///   - position: The position of the last element that was read; nil: from the beginning.
    public func stream<T: Codable & Sendable>(
        _ type: T.Type,
        _ name: String,
        of id: String,
        after position: Int64? = nil
    ) -> WorkflowStream<T> {
        WorkflowStream(directory: self.directory, workflow: id, name: name, after: position ?? 0)
    }
}

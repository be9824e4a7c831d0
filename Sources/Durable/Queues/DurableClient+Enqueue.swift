// SPDX-License-Identifier: Apache-2.0

extension DurableClient {
    /// Puts a workflow into a queue, and returns when that is durable.
    ///
    /// See ``DurableEngine/enqueue(_:_:id:options:)``.
    ///
    /// ```swift
    /// let handle = try await client.enqueue(SendNewsletter.self, issue, id: "newsletter-7")
    /// ```
    ///
    /// - Parameters:
    ///   - type: The workflow.
    ///   - input: What `run` is given.
    ///   - id: The caller's id, 1 to 512 bytes; enqueuing it again returns the same workflow. Nil: a new id.
    ///   - options: Which queue, when, and before what.
    /// - Throws: ``DurableError``: `workflowConflict` when the id belongs to another workflow, `invalidArgument` for a queue that nobody has
    ///   declared, or what is out of its range, `unencodable`, `databaseUnavailable`.
    @discardableResult
    public func enqueue<W: Workflow>(
        _ type: W.Type,
        _ input: W.Input,
        id: String? = nil,
        options: EnqueueOptions = EnqueueOptions()
    ) async throws -> WorkflowHandle<W.Output> {
        try await self.directory.enqueue(type, input, id: id, options)
    }

    /// Puts many workflows into a queue in one transaction, and says of each what became of it.
    ///
    /// 100,000 in one call are well; they are taken in their order.
    ///
    /// ```swift
    /// let outcomes = try await client.enqueueAll(SendMail.self, mails, ids: mails.map { "mail-\($0.id)" })
    /// for outcome in outcomes { if case .refused(let reason) = outcome.result { print(outcome.id, reason) } }
    /// ```
    ///
    /// - Parameters:
    ///   - type: The workflow.
    ///   - inputs: What each `run` is given.
    ///   - ids: The ids, one for each input; nil: new ids.
    ///   - options: Which queue, when, and before what.
    /// - Returns: What became of each, in the order of the inputs.
    /// - Throws: ``DurableError`` for what is wrong with the call as a whole; nothing was started then.
    @discardableResult
    public func enqueueAll<W: Workflow>(
        _ type: W.Type,
        _ inputs: [W.Input],
        ids: [String]? = nil,
        options: EnqueueOptions = EnqueueOptions()
    ) async throws -> [EnqueueOutcome] {
        try await self.directory.enqueueAll(type, inputs, ids: ids, options)
    }

    /// Puts a workflow into a queue in a transaction of the caller's own: it exists if and when that commits.
    ///
    /// A process takes it within its poll interval after the commit.
    ///
    /// ```swift
    /// try await pool.withTransaction { transaction in
    ///     try await transaction.execute("INSERT INTO orders (id) VALUES (\(order.id))")
    ///     try await client.enqueue(Checkout.self, order, id: "checkout-\(order.id)", in: transaction)
    /// }
    /// ```
    ///
    /// - Parameters:
    ///   - type: The workflow.
    ///   - input: What `run` is given.
    ///   - id: The caller's id, 1 to 512 bytes; nil: a new id.
    ///   - options: Which queue, when, and before what.
    ///   - connection: A connection of any library, with a transaction open on it.
    /// - Throws: ``DurableError``, or whatever the library throws when the server refuses; the transaction cannot commit any more.
    @discardableResult
    public func enqueue<W: Workflow>(
        _ type: W.Type,
        _ input: W.Input,
        id: String? = nil,
        options: EnqueueOptions = EnqueueOptions(),
        in connection: some TransactionConnection
    ) async throws -> WorkflowHandle<W.Output> {
        try await self.directory.enqueue(type, input, id: id, options, in: connection)
    }

    /// Puts many workflows into a queue in a transaction of the caller's own: they exist if and when that commits.
    ///
    /// - Parameters:
    ///   - type: The workflow.
    ///   - inputs: What each `run` is given.
    ///   - ids: The ids, one for each input; nil: new ids.
    ///   - options: Which queue, when, and before what.
    ///   - connection: A connection of any library, with a transaction open on it.
    /// - Returns: What becomes of each with the commit, in the order of the inputs.
    /// - Throws: As ``enqueue(_:_:id:options:in:)``.
    @discardableResult
    public func enqueueAll<W: Workflow>(
        _ type: W.Type,
        _ inputs: [W.Input],
        ids: [String]? = nil,
        options: EnqueueOptions = EnqueueOptions(),
        in connection: some TransactionConnection
    ) async throws -> [EnqueueOutcome] {
        try await self.directory.enqueueAll(type, inputs, ids: ids, options, in: connection)
    }
}

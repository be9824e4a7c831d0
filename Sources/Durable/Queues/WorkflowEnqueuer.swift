// SPDX-License-Identifier: Apache-2.0

/// Who puts workflows into queues: a ``DurableEngine``, or a ``DurableClient``.
///
/// Interceptors of an engine stand around each, and its trace is the caller's, as they are for a start. Of many in one call they are asked
/// one after the other, before all are written at once; what they refuse is a refused item.
public protocol WorkflowEnqueuer: Sendable {
    /// What does it; made by the library.
    var enqueuing: Enqueuing { get async throws }
}

extension DurableEngine: WorkflowEnqueuer {
    /// How this engine does it.
    ///
    /// - Throws: ``DurableError`` (`notRunning`) when the engine was not started, or has been shut down.
    public var enqueuing: Enqueuing {
        get async throws { Enqueuing(engine: try await self.core()) }
    }
}

extension DurableClient: WorkflowEnqueuer {
    /// How this client does it.
    public var enqueuing: Enqueuing { Enqueuing(client: self.directory) }
}

extension WorkflowEnqueuer {
    /// Puts a workflow into a queue, and returns when that is durable.
    ///
    /// A process that offers it takes it as soon as the limits of the queue let it, at once or at its next poll: higher priorities first,
    /// then the older. ``DurableEngine/start(_:_:id:onDuplicate:)`` does not wait in a queue.
    ///
    /// ```swift
    /// let handle = try await engine.enqueue(SendNewsletter.self, issue, id: "newsletter-7")
    /// ```
    ///
    /// - Parameters:
    ///   - type: The workflow.
    ///   - input: What `run` is given.
    ///   - id: The caller's id, 1 to 512 bytes; enqueuing it again returns the same workflow. Nil: a new id.
    ///   - options: Which queue, when, and before what.
    /// - Throws: ``DurableError``: `workflowConflict` when the id belongs to another workflow, `invalidArgument` for a queue that nobody has
    ///   declared, or what is out of its range, `unencodable`, `databaseUnavailable`; of an engine
    ///   that does not run, `notRunning`.
    @discardableResult
    public func enqueue<W: Workflow>(
        _ type: W.Type,
        _ input: W.Input,
        id: String? = nil,
        options: EnqueueOptions = EnqueueOptions()
    ) async throws -> WorkflowHandle<W.Output> {
        let enqueuing = try await self.enqueuing
        let started = try await enqueuing.one(type, input, id: id, options) {
            try await enqueuing.directory.send($0, $1)
        }
        enqueuing.announce([started])
        return enqueuing.handle(type, started)
    }

    /// Puts many workflows into a queue in one transaction, and says of each what became of it.
    ///
    /// 100,000 in one call are well; they are taken in their order.
    ///
    /// ```swift
    /// let outcomes = try await engine.enqueueAll(SendMail.self, mails, ids: mails.map { "mail-\($0.id)" })
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
        let enqueuing = try await self.enqueuing
        let (outcomes, started) = try await enqueuing.many(type, inputs, ids: ids, options) {
            try await enqueuing.directory.send($0, $1)
        }
        enqueuing.announce(started)
        return outcomes
    }

    /// Puts a workflow into a queue in a transaction of the caller's own: it exists if and when that commits.
    ///
    /// A process takes it within its poll interval after the commit.
    ///
    /// ```swift
    /// try await pool.withTransaction { transaction in
    ///     try await transaction.execute("INSERT INTO orders (id) VALUES (\(order.id))")
    ///     try await engine.enqueue(Checkout.self, order, id: "checkout-\(order.id)", in: transaction)
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
        let enqueuing = try await self.enqueuing
        let started = try await enqueuing.one(type, input, id: id, options) {
            try await enqueuing.directory.send($0, $1, in: connection)
        }
        return enqueuing.handle(type, started)
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
        let enqueuing = try await self.enqueuing
        return try await enqueuing.many(type, inputs, ids: ids, options) {
            try await enqueuing.directory.send($0, $1, in: connection)
        }.outcomes
    }
}

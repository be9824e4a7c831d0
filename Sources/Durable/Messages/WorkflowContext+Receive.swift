// SPDX-License-Identifier: Apache-2.0

#if canImport(FoundationEssentials)
    public import FoundationEssentials
#else
    public import Foundation
#endif

extension WorkflowContext {
    // MARK: - One message

    /// Waits for a message of this name, and takes it.
    ///
    /// Messages are kept from the moment they are sent, in order per workflow and name, also before anybody waits for them
    /// and while the workflow is paused. A long wait costs no memory.
    ///
    /// - Parameters:
    ///   - type: What the message holds.
    ///   - name: The name under which it is sent; 1 to 128 bytes.
    /// - Throws: ``WorkflowInterruption``. A message that does not hold the type pauses the workflow (`undecodable`), and is
    ///   kept.
    public func receive<T: Codable & Sendable>(_ type: T.Type, _ name: String) async throws -> T {
        guard let message = try await self.receiveBatch(T.self, name, .never, atMost: nil).first else {
            throw self.run.interruptionError
        }
        return message
    }

    /// Waits for a message of this name, at most for some time.
    ///
    /// ```swift
    /// guard let approval = try await workflow.receive(Approval.self, "approval", within: .seconds(3 * 86_400)) else {
    ///     return try await self.remind(order, in: workflow)
    /// }
    /// ```
    ///
    /// A message that was sent in time wins, however late the workflow wakes up.
    ///
    /// - Parameters:
    ///   - type: What the message holds.
    ///   - name: The name under which it is sent; 1 to 128 bytes.
    ///   - limit: How long, by the database's clock; zero takes what is there. Not negative, and at most 100 years.
    /// - Returns: What was sent; nil when nothing came in time.
    /// - Throws: ``DurableError`` (`invalidArgument`) for a time that makes no sense; ``WorkflowInterruption``.
    public func receive<T: Codable & Sendable>(
        _ type: T.Type,
        _ name: String,
        within limit: Duration
    ) async throws -> T? {
        try await self.receiveBatch(T.self, name, .after(limit), atMost: nil).first
    }

    /// Waits for a message of this name, at most until a time of the database's clock.
    ///
    /// - Returns: What was sent; nil when nothing came in time.
    public func receive<T: Codable & Sendable>(
        _ type: T.Type,
        _ name: String,
        until date: Date
    ) async throws -> T? {
        try await self.receiveBatch(T.self, name, .at(date), atMost: nil).first
    }

    /// Waits for a signal, and takes it.
    ///
    /// See ``receive(_:_:)``.
    public func receive<T>(_ signal: Signal<T>) async throws -> T {
        try await self.receive(T.self, signal.name)
    }

    /// Waits for a signal, at most for some time.
    ///
    /// See ``receive(_:_:within:)``.
    public func receive<T>(_ signal: Signal<T>, within limit: Duration) async throws -> T? {
        try await self.receive(T.self, signal.name, within: limit)
    }

    /// Waits for a signal, at most until a time of the database's clock.
    ///
    /// See ``receive(_:_:until:)``.
    public func receive<T>(_ signal: Signal<T>, until date: Date) async throws -> T? {
        try await self.receive(T.self, signal.name, until: date)
    }

    // MARK: - Several

    /// Waits for messages of this name, and takes all that are there, in one record.
    ///
    /// - Parameters:
    ///   - type: What each message holds.
    ///   - name: The name under which they are sent; 1 to 128 bytes.
    ///   - count: At most so many, from 1 to 10,000.
    ///   - limit: How long to wait for the first one; nil: for ever.
    /// - Returns: The messages in the order in which they were sent; none when nothing came in time.
    /// - Throws: As ``receive(_:_:within:)``.
    public func receive<T: Codable & Sendable>(
        _ type: T.Type,
        _ name: String,
        upTo count: Int,
        within limit: Duration? = nil
    ) async throws -> [T] {
        guard (1...10_000).contains(count) else {
            throw DurableError(
                .invalidArgument,
                "a batch of messages holds 1 to 10,000 of them, and not \(count)",
                workflow: self.run.id
            )
        }
        return try await self.receiveBatch(T.self, name, limit.map { .after($0) } ?? .never, atMost: count)
    }

    /// Waits for signals, and takes all that are there, in one record.
    ///
    /// See ``receive(_:_:upTo:within:)``.
    public func receive<T>(_ signal: Signal<T>, upTo count: Int, within limit: Duration? = nil) async throws -> [T] {
        try await self.receive(T.self, signal.name, upTo: count, within: limit)
    }

    /// The messages of a name, one after the other: each turn of the loop is a `receive`.
    ///
    /// ```swift
    /// for try await line in workflow.messages(Line.self, "lines", idle: .seconds(3600)) {
    ///     try await workflow.step("add") { step in try await cart.add(line, step.idempotencyKey) }
    /// }
    /// ```
    ///
    /// - Parameters:
    ///   - type: What each message holds.
    ///   - name: The name under which they are sent; 1 to 128 bytes.
    ///   - limit: The sequence ends when none has come for so long; nil: it does not end by itself.
    public func messages<T: Codable & Sendable>(
        _ type: T.Type,
        _ name: String,
        idle limit: Duration? = nil
    ) -> ReceivedMessages<T> {
        ReceivedMessages(context: self, name: name, limit: limit)
    }

    /// The payloads of a signal, one after the other.
    ///
    /// See ``messages(_:_:idle:)``.
    public func messages<T>(_ signal: Signal<T>, idle limit: Duration? = nil) -> ReceivedMessages<T> {
        self.messages(T.self, signal.name, idle: limit)
    }
}

// SPDX-License-Identifier: Apache-2.0

/// A queue that a process declares, and how many of its workflows run at once.
///
/// ```swift
/// var options = EngineOptions()
/// options.queues = [WorkflowQueue("mail", concurrency: 20, concurrencyPerProcess: 5)]
/// ```
///
/// A workflow takes a slot while a process has it in memory. One that is parked, paused or handed over gives its slot back; when it is
/// due again it goes before those of its queue that have not begun. Limits hold over all processes, whatever dies.
///
/// What a person has set with `durable.set_queue` stands before what code declares.
public struct WorkflowQueue: Sendable, Hashable {
    /// The queue of everything that is enqueued without naming one; it is always there.
    public static let defaultName = "default"

    /// Its name, 1 to 128 bytes without control characters.
    public var name: String
    /// How many of its workflows run at once in all processes together, at least 1; nil: any number.
    public var concurrency: Int?
    /// How many of its workflows run at once in each process, at least 1; nil: any number.
    public var concurrencyPerProcess: Int?

    /// Declares a queue.
    ///
    /// - Parameters:
    ///   - name: Its name, 1 to 128 bytes without control characters; by default the queue of everything that names none.
    ///   - concurrency: How many of its workflows run at once in all processes together, at least 1; nil: any number.
    ///   - concurrencyPerProcess: How many of its workflows run at once in each process, at least 1; nil: any number.
    public init(
        _ name: String = WorkflowQueue.defaultName,
        concurrency: Int? = nil,
        concurrencyPerProcess: Int? = nil
    ) {
        self.name = name
        self.concurrency = concurrency
        self.concurrencyPerProcess = concurrencyPerProcess
    }

    /// Throws in words if the declaration makes no sense.
    func validate() throws {
        try IdentifierRules.check(name: self.name, of: .queue)
        for (what, limit) in [
            ("concurrency", self.concurrency), ("concurrency per process", self.concurrencyPerProcess),
        ] {
            if let limit, Int32(exactly: limit) == nil || limit < 1 {
                throw DurableError(
                    .invalidConfiguration,
                    "the \(what) of queue \"\(self.name)\" must be from 1 to \(Int32.max), or nil for no limit; it is \(limit)"
                )
            }
        }
    }
}

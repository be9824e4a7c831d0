// SPDX-License-Identifier: Apache-2.0

/// How a workflow is put into a queue.
///
/// ```swift
/// var options = EnqueueOptions()
/// options.queue = "mail"
/// options.priority = 10
/// options.delay = .seconds(60)
/// try await engine.enqueue(SendNewsletter.self, issue, id: "newsletter-7", options: options)
/// ```
public struct EnqueueOptions: Sendable, Hashable {
    /// What a priority may be.
    public static let priorities = -100...100

    /// The queue, which a process or a person must have declared.
    ///
    /// Default: ``WorkflowQueue/defaultName``.
    public var queue = WorkflowQueue.defaultName
    /// How long it waits before it may start, at most 100 years.
    ///
    /// Default: zero.
    public var delay: Duration = .zero
    /// Of two that wait in a queue the higher one goes first; among equals of one type the older.
    ///
    /// Default: 0; from -100 to 100.
    public var priority = 0
    /// What is kept with the workflow for searching.
    ///
    /// Default: nothing.
    public var attributes: [String: String] = [:]
    /// What happens when an id was started with another input.
    ///
    /// Default: it is an error, or the item is refused.
    public var onDuplicate: DuplicatePolicy = .compareInput

    /// The defaults.
    public init() {}

    /// Throws `DurableError.invalidArgument` in words if something is out of its range.
    func validate(for name: String) throws {
        try IdentifierRules.check(name: self.queue, of: .queue)
        try DatabaseTime.check(self.delay, as: "the delay of workflow \(name)")
        guard Self.priorities.contains(self.priority) else {
            throw DurableError(
                .invalidArgument,
                "The priority of workflow \(name) must be from \(Self.priorities.lowerBound) to \(Self.priorities.upperBound); it is \(self.priority)."
            )
        }
    }
}

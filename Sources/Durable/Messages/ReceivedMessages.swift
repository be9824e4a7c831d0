// SPDX-License-Identifier: Apache-2.0

/// The messages of one name as a sequence; made by ``WorkflowContext/messages(_:_:idle:)``.
///
/// It belongs to its context, and is used by one task at a time.
public struct ReceivedMessages<Element: Codable & Sendable>: AsyncSequence {
    let context: WorkflowContext
    let name: String
    let limit: Duration?

    /// An iterator.
    ///
    /// Each call of `next` is a `receive` of its own.
    public func makeAsyncIterator() -> Iterator { Iterator(messages: self) }

    /// Receives the messages.
    public struct Iterator: AsyncIteratorProtocol {
        let messages: ReceivedMessages

        /// The next message; nil when none came in time.
        public mutating func next() async throws -> Element? {
            let (context, name) = (self.messages.context, self.messages.name)
            guard let limit = self.messages.limit else { return try await context.receive(Element.self, name) }
            return try await context.receive(Element.self, name, within: limit)
        }
    }
}

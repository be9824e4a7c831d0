// SPDX-License-Identifier: Apache-2.0

/// The notifications of one channel, from the call of `listen` on.
///
/// Those that are not read yet are kept, without a bound, except that a payload which already waits is not kept a second time. The sequence
/// ends with an error when the connection is lost or closed, and without one when the reading task is cancelled. Listening ends when the
/// sequence and its iterators are released.
public struct PostgresNotifications: AsyncSequence, Sendable {
    let subscription: NotificationSubscription

    /// Returns when the server has confirmed that it listens: what is committed elsewhere from now on is announced.
    ///
    /// - Throws: why it does not listen.
    public func established() async throws(PostgresError) {
        let result = await withCheckedContinuation { self.subscription.buffer.waitUntilListening($0) }
        try result.get()
    }

    /// An iterator.
    ///
    /// Two iterators of one sequence share its notifications.
    public func makeAsyncIterator() -> Iterator { Iterator(subscription: self.subscription) }

    /// Reads the notifications.
    public struct Iterator: AsyncIteratorProtocol {
        let subscription: NotificationSubscription

        /// The next notification, as soon as there is one; nil when the task is cancelled.
        ///
        /// - Throws: why there will be no more.
        public mutating func next() async throws(PostgresError) -> PostgresNotification? {
            let buffer = self.subscription.buffer
            let item = await withTaskCancellationHandler {
                await withCheckedContinuation { continuation in
                    buffer.read(continuation)
                    // Cancelled before there was anybody to tell.
                    if Task.isCancelled { buffer.cancelReader() }
                }
            } onCancel: {
                buffer.cancelReader()
            }
            return try item.get()
        }

        /// The next notification, as soon as there is one; nil when the task is cancelled.
        public mutating func next(
            isolation actor: isolated (any Actor)?
        ) async throws(PostgresError) -> PostgresNotification? {
            try await self.next()
        }
    }
}

extension PostgresConnection {
    /// Listens on a channel, whose name is taken as it is.
    ///
    /// The `LISTEN` is on its way when this returns, ahead of every later statement of this connection. The connection must not go
    /// through a pooler that hands out sessions per transaction.
    public func listen(_ channel: String) -> PostgresNotifications {
        PostgresNotifications(subscription: NotificationSubscription(self, channel))
    }
}

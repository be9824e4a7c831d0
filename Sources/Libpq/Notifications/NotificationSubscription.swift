// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Keeps a listener registered, and its connection open, as long as somebody reads.
final class NotificationSubscription: Sendable {
    let buffer = NotificationBuffer()
    private let connection: PostgresConnection
    private let channel: String

    init(_ connection: PostgresConnection, _ channel: String) {
        self.connection = connection
        self.channel = channel
        let buffer = self.buffer
        let listen = Statement(Query("LISTEN \(identifier: channel)"))
        connection.core.send(
            [listen],
            deadline: nil,
            before: { state in
                state.subscriptions.add(buffer, to: channel)
            }
        ) { result in
            switch result {
            case .success: buffer.listening()
            case .failure(let error): buffer.finish(error)
            }
        }
    }

    deinit {
        let (buffer, channel) = (self.buffer, self.channel)
        guard !self.connection.isClosed else { return }
        let isLast = self.connection.core.state.withLock { $0.subscriptions.remove(buffer, from: channel) }
        guard isLast else { return }
        let core = self.connection.core
        core.send([Statement(Query("UNLISTEN \(identifier: channel)"))], deadline: nil) { _ in
            // Somebody who began to listen in between may have been silenced along.
            if !core.state.withLock({ $0.subscriptions.listeners(channel).isEmpty }) {
                core.send([Statement(Query("LISTEN \(identifier: channel)"))], deadline: nil) { _ in }
            }
        }
    }
}

// SPDX-License-Identifier: Apache-2.0

import CLibpq

/// Who listens on a connection, by channel.
struct NotificationHub: Sendable {
    private var channels: [String: [NotificationBuffer]] = [:]

    var isEmpty: Bool { self.channels.isEmpty }

    func listeners(_ channel: String) -> [NotificationBuffer] { self.channels[channel] ?? [] }

    mutating func add(_ buffer: NotificationBuffer, to channel: String) {
        self.channels[channel, default: []].append(buffer)
    }

    /// True if nobody listens on the channel any more.
    mutating func remove(_ buffer: NotificationBuffer, from channel: String) -> Bool {
        guard var listeners = self.channels[channel] else { return false }
        listeners.removeAll { $0 === buffer }
        self.channels[channel] = listeners.isEmpty ? nil : listeners
        return listeners.isEmpty
    }

    func finish(_ error: PostgresError?) {
        for buffer in self.channels.values.joined() { buffer.finish(error) }
    }
}

/// A notification on its way to those who listen.
struct PendingNotification {
    let notification: PostgresNotification
    let buffers: [NotificationBuffer]

    func deliver() {
        for buffer in self.buffers { buffer.append(self.notification) }
    }
}

extension ConnectionCore {
    /// Takes the notifications that libpq has read.
    ///
    /// Under the lock.
    func takeNotifications(_ state: inout State, _ connection: OpaquePointer) -> [PendingNotification] {
        guard state.connection != nil else { return [] }
        var pending: [PendingNotification] = []
        while let pointer = PQnotifies(connection) {
            defer { PQfreemem(pointer) }
            let notification = PostgresNotification(
                channel: String(cString: pointer.pointee.relname),
                payload: String(cString: pointer.pointee.extra),
                backendPID: pointer.pointee.be_pid
            )
            let buffers = state.subscriptions.listeners(notification.channel)
            if !buffers.isEmpty { pending.append(PendingNotification(notification: notification, buffers: buffers)) }
        }
        return pending
    }
}

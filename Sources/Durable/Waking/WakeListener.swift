// SPDX-License-Identifier: Apache-2.0

import Libpq
import Logging

/// Listens for hints on a connection of its own, and opens it again however often it is lost.
struct WakeListener: Sendable {
    let configuration: PostgresConfiguration
    let channel: String
    let logger: Logger
    /// Called for every hint.
    let heard: @Sendable (Wake) -> Void
    /// Called when it listens again: what was notified in between was missed.
    let established: @Sendable () -> Void

    func listenForEver() async {
        var tries = 0
        var isFirst = true
        while !Task.isCancelled {
            do {
                let connection = try await PostgresConnection.connect(self.configuration)
                defer { connection.close() }
                let notifications = connection.listen(self.channel)
                try await notifications.established()
                tries = 0
                // At first everything is looked at anyway.
                if !isFirst { self.established() }
                isFirst = false
                for try await notification in notifications {
                    if let wake = Wake(payload: notification.payload) { self.heard(wake) }
                }
            } catch {
                if Task.isCancelled { return }
                self.logger.log(
                    level: tries == 0 ? .info : .debug,
                    "wake.listening_failed",
                    metadata: [
                        "error": "\(error)", "hint": "until it listens again, what comes in is found by polling",
                    ]
                )
            }
            await Backoff.pause(tries)
            tries += 1
        }
    }
}

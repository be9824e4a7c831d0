// SPDX-License-Identifier: Apache-2.0

import Durable

/// How a worker behaves.
struct WorkerOptions: Codable, Sendable, Hashable {
    /// A connection string.
    var database: String
    /// The file of effects.
    var effects: String
    /// The file that it logs to.
    var log: String
    /// The version of its code.
    var version = 1
    /// Whether journal and transactions have one connection each.
    var hasOneConnection = false
    /// Whether it listens for notifications.
    var listens = true
    /// Whether statements are prepared: not behind a pooler that hands out sessions per transaction.
    var prepares = true
    /// By how many seconds its clock is off.
    var shift = 0
    /// The protections that it lacks.
    var off: [Protection] = []

    /// How long a process counts as alive.
    static let lease = Duration.milliseconds(1_500)
    /// How many connections a worker has at most: two of the journal, one of the lease, one to listen, two for
    /// housekeeping, four of transactions.
    static let connections = 10
}

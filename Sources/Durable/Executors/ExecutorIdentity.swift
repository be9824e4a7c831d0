// SPDX-License-Identifier: Apache-2.0

package import struct Foundation.UUID

/// Who this process is to the database: one identity per process start, dead for ever once it is fenced.
package struct ExecutorIdentity: Hashable, Sendable {
    /// Unique per process start; a fenced process registers a new one.
    package let id: UUID
    /// The database's short number for `id`: what the rows and the advisory lock carry.
    package let number: Int32
    /// Raised by whoever declares this executor dead; every write of this process compares it.
    package let epoch: Int32
    /// The server's start time (microseconds since 2000-01-01) at registration.
    ///
    /// Another one means restart, failover or restore.
    package let server: Int64
    /// A label for people (`checkout-7d9f`); two live processes may share it by mistake.
    package let name: String

    package init(id: UUID, number: Int32, epoch: Int32, server: Int64, name: String) {
        self.id = id
        self.number = number
        self.epoch = epoch
        self.server = server
        self.name = name
    }
}

// SPDX-License-Identifier: Apache-2.0

/// What a `NOTIFY` sent.
public struct PostgresNotification: Hashable, Sendable {
    /// The channel.
    public let channel: String
    /// The payload; empty if the sender gave none.
    public let payload: String
    /// The process id of the sender's backend.
    public let backendPID: Int32
}

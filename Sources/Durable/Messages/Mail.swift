// SPDX-License-Identifier: Apache-2.0

/// What a look into the mailbox of a workflow has found.
struct Mail: Sendable {
    /// A message that nobody has consumed.
    struct Message: Sendable {
        let id: Int64
        /// When it was sent, by the database's clock.
        let sentAt: Int64
        let body: [UInt8]?
    }

    /// The mailbox count in the same snapshot; nil when the workflow is no longer live.
    var count: Int64?
    /// The first messages of the name that was asked for.
    var messages: [Message] = []
}

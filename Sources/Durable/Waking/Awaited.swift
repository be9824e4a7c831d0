// SPDX-License-Identifier: Apache-2.0

/// What a branch waits for.
struct Awaited: Sendable, Hashable {
    /// In words, for `live.waiting_for`: `signal approval`.
    var words: String
    /// What `live.awaits` says, and the router compares with what comes in: `kind` or `kind:name` of an inbox row.
    ///
    /// Nil: only the time ends the wait.
    var topic: String?

    init(_ words: String, topic: String? = nil) {
        self.words = words
        self.topic = topic
    }
}

/// Why a branch that waited goes on.
enum WakeUp: Sendable, Hashable {
    /// The time that it waited for has come.
    case due
    /// Something has come in for the workflow since the branch looked: it looks again.
    case stirred
}

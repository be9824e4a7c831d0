// SPDX-License-Identifier: Apache-2.0

/// What the journal keeps of a group that has ended, in the parent's scope: enough to never enter it again once it was decided.
struct JoinRecord: Codable, Sendable {
    /// How it ended.
    enum Verdict: String, Codable, Sendable {
        case complete
        case won
        case failed
        case enough
    }

    /// One branch of a group that was decided before all had ended.
    struct Ended: Codable, Sendable {
        var branch: Int
        /// The value, as JSON text.
        var value: String?
        /// The error, as it would stand in the journal.
        var error: String?
    }

    var verdict: Verdict
    /// The branch that decided.
    var branch: Int?
    /// The value that won, as JSON text.
    var value: String?
    /// Those that had ended when enough had succeeded.
    var ended: [Ended]?
    /// How many branches had begun, if steps of theirs have an undo: these are entered again to find them.
    var undos: Int?
}

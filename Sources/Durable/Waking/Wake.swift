// SPDX-License-Identifier: Apache-2.0

/// What a notification says: hints only, since polling finds everything as well.
enum Wake: Sendable, Hashable {
    /// The inbox has rows for the router.
    case inbox
    /// Workflows are due that somebody may claim.
    case claim
    /// Somebody asked for the end of a workflow, or a child has ended.
    case lineage
    /// Something has come in for runs of this executor.
    case mailboxes(executor: Int32)

    /// The payload of the notification.
    var payload: String {
        switch self {
        case .inbox: "inbox"
        case .claim: "claim"
        case .lineage: "lineage"
        case .mailboxes(let executor): "mailbox \(executor)"
        }
    }

    /// The meaning of a payload; nil for one that newer code sends.
    init?(payload: String) {
        switch payload {
        case "inbox": self = .inbox
        case "claim": self = .claim
        case "lineage": self = .lineage
        default:
            let words = payload.split(separator: " ")
            guard words.count == 2, words[0] == "mailbox", let number = Int32(words[1]) else { return nil }
            self = .mailboxes(executor: number)
        }
    }
}

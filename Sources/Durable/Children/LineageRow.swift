// SPDX-License-Identifier: Apache-2.0

/// What the journal writer writes for cancellation, children and continuations.
package enum LineageRow: Sendable {
    /// Children of this workflow, left queued for any process; the record that tells of them follows in a later row.
    case children([ChildStart])
    /// A group whose children take turns, or of which so many may fail.
    case group(ChildGroupRow)
    /// The children of an open group have all been started.
    case closeGroup(place: String)
    /// Children that follow this workflow are asked to end.
    case cancelChildren(reason: String)
    /// The requests to cancel up to this one are being carried out.
    case cancellationTaken(upTo: Int64)
    /// The workflow begins anew, and leaves its journal behind.
    case continuation(JournalRecord)

    /// About how many bytes it takes in a batch.
    var size: Int {
        switch self {
        case .children(let children): children.reduce(0) { $0 + $1.size }
        case .continuation(let record): record.size
        case .group, .closeGroup, .cancelChildren, .cancellationTaken: 96
        }
    }
}

/// One child to start.
package struct ChildStart: Sendable {
    package var id: String
    package var name: String
    package var version: Int32
    package var input: [UInt8]?
    package var deadline: Int64?
    package var at: Int64
    /// The call that starts it.
    package var place: String
    /// It is cancelled with its parent.
    package var follows: Bool
    /// It waits for its turn in its group.
    package var isHeld: Bool
    /// The trace context of the call that starts it.
    package var trace: [UInt8]?

    var size: Int { 200 + self.id.utf8.count + self.place.utf8.count + (self.input?.count ?? 0) }
}

/// How many children of one call run at a time, and how many may fail.
package struct ChildGroupRow: Sendable {
    package var place: String
    package var concurrency: Int32
    package var tolerated: Int32?
    package var released: Int32
    /// Its children are started in several commits: it is kept until it is closed.
    package var isOpen: Bool
}

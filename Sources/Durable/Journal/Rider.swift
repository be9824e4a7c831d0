// SPDX-License-Identifier: Apache-2.0

/// What is written if and only if the checkpoint that it rides with is written.
package enum Rider: Sendable {
    /// The receive has consumed these messages.
    case consume(name: String, ids: [Int64])
    /// The receive of a branch in an undecided race has taken these messages.
    case take(name: String, ids: [Int64], scope: String)
    /// A race is decided.
    case settle(RaceSettlement)
    /// A message to a workflow.
    case send(SendRow)
    /// A token for the outside.
    case token(id: String, name: String)
    /// From now on the call at this place waits for an event.
    case subscribe(place: Place, name: String, key: String?)
    /// The call at this place waits no more.
    case unsubscribe(place: Place)
    /// A value for readers outside.
    case publish(name: String, body: [UInt8]?)
    /// The answer to an update.
    case answer(AnswerRow)
    /// An element of a stream.
    case append(StreamRow)

    /// About how many bytes it takes in a batch.
    var size: Int {
        switch self {
        case .consume(let name, let ids): ids.count * (24 + name.utf8.count)
        case .take(let name, let ids, let scope): ids.count * (24 + name.utf8.count + scope.utf8.count)
        case .settle: 128
        case .send(let row): 128 + (row.body?.count ?? 0)
        case .token, .subscribe, .unsubscribe: 128
        case .publish(_, let body): 96 + (body?.count ?? 0)
        case .answer(let row): 96 + (row.body?.count ?? 0) + (row.error?.count ?? 0)
        case .append(let row): 96 + (row.body?.count ?? 0)
        }
    }
}

/// What becomes of the messages that the branches of a race have taken.
package struct RaceSettlement: Sendable {
    /// The path of the group.
    package var group: String
    /// The path of the branch that decided it.
    package var winner: String
    /// The race itself is in a branch of an undecided one: what the winner has taken stays taken, and no more.
    package var isNested: Bool

    /// Whether a scope lies in a branch that lost.
    package func isLost(_ scope: String) -> Bool {
        scope.hasPrefix(self.group + "[") && scope != self.winner && !scope.hasPrefix(self.winner + "/")
    }
}

/// The answer to an update.
package struct AnswerRow: Sendable {
    package var id: String
    package var state: String
    package var body: [UInt8]?
    package var error: [UInt8]?
}

/// An element of a stream.
package struct StreamRow: Sendable {
    package var stream: String
    package var place: Place
    /// Which element of its call it is, from 0.
    package var number: Int32
    package var body: [UInt8]?
}

/// A message on its way to a workflow.
package struct SendRow: Sendable {
    package var workflow: String
    package var name: String
    package var key: String?
    package var body: [UInt8]?
}

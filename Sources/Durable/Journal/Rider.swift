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

    /// About how many bytes it takes in a batch.
    var size: Int {
        switch self {
        case .consume(let name, let ids): ids.count * (24 + name.utf8.count)
        case .take(let name, let ids, let scope): ids.count * (24 + name.utf8.count + scope.utf8.count)
        case .settle: 128
        case .send(let row): 128 + (row.body?.count ?? 0)
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

/// A message on its way to a workflow.
package struct SendRow: Sendable {
    package var workflow: String
    package var name: String
    package var key: String?
    package var body: [UInt8]?
}

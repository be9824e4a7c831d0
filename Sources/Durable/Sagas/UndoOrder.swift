// SPDX-License-Identifier: Apache-2.0

/// Where a call stands in the program: what comes later in it is undone earlier.
///
/// Pure. The order is that of the code, not of time: calls of concurrent branches have no order in time that a replay would
/// find again, so of two branches the one that is written later counts as later.
struct UndoOrder: Comparable, Sendable {
    /// Position and branch of each level of the scope (-1 for a scope that has no branches), and the position of the call.
    private let steps: [Int]

    init(_ place: Place) {
        var levels: [(position: Int, branch: Int)] = []
        var path = place.scope
        while let last = ScopePath.last(of: path) {
            levels.append((Int(last.position), last.branch ?? -1))
            path = last.parent
        }
        self.steps = levels.reversed().flatMap { [$0.position, $0.branch] } + [Int(place.position)]
    }

    static func < (left: UndoOrder, right: UndoOrder) -> Bool {
        left.steps.lexicographicallyPrecedes(right.steps)
    }
}

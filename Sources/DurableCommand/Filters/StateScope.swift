// SPDX-License-Identifier: Apache-2.0

/// Where the states of a filter are looked up.
enum StateScope: Sendable {
    /// In the view, which knows all.
    case view
    /// Nowhere: all are wanted, and nothing of how they stand is asked.
    case all
    /// In the small table of what is pending.
    case live
    /// In the table of what has ended.
    case ended

    /// - Parameters:
    ///   - states: The states that are wanted; nil for all.
    ///   - needsView: Whether something else is asked that only the view tells.
    ///   - mayReadTables: Whether the role may read the tables.
    init(states: [String]?, needsView: Bool = false, mayReadTables: Bool) {
        guard mayReadTables else {
            self = .view
            return
        }
        guard let states else {
            self = needsView ? .view : .all
            return
        }
        let ended: Set<String> = ["succeeded", "failed", "cancelled"]
        if states.allSatisfy({ ended.contains($0) }) {
            self = .ended
        } else if states.allSatisfy({ !ended.contains($0) }) {
            self = .live
        } else {
            self = .view
        }
    }
}

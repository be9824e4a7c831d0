// SPDX-License-Identifier: Apache-2.0

/// Where the states of a filter are looked up.
enum StateScope: Sendable {
    /// In the view, which knows all.
    case view
    /// In the small table of what is pending.
    case live
    /// In the table of what has ended.
    case ended

    /// - Parameters:
    ///   - states: The states that are wanted; nil for all.
    ///   - mayReadTables: Whether the role may read the tables.
    init(states: [String]?, mayReadTables: Bool) {
        guard mayReadTables, let states else {
            self = .view
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

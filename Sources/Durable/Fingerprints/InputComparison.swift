// SPDX-License-Identifier: Apache-2.0

/// Compares the inputs of a call that is replayed with those that its records were made from.
///
/// Pure.
package struct InputComparison: Sendable {
    /// What to do about inputs that differ.
    package enum Verdict: Sendable, Hashable {
        /// Pause the workflow.
        case diverged
        /// Report it, and go on.
        case changed
    }

    /// A row of the call, for its place, kind and name.
    package let witness: JournalRecord
    /// Which processes have recorded inputs of it.
    package let executors: Set<Int32>

    /// - Returns: nil when there is nothing to do: no fingerprint was recorded, or one of them is this one.
    ///
    /// One of them, and not the last: where code goes out and is rolled back, both have been seen before.
    package init?(of entry: History.Entry, with fingerprint: Int64) {
        let rows = entry.rows.filter { $0.fingerprint != nil }
        guard let witness = entry.witness, !rows.isEmpty, !rows.contains(where: { $0.fingerprint == fingerprint })
        else { return nil }
        self.witness = witness
        self.executors = Set(rows.map(\.executor))
    }

    /// - Parameter ofThisBuild: the processes among `executors` that ran this very build.
    package func verdict(_ check: InputCheck, ofThisBuild: Set<Int32>) -> Verdict {
        check == .strict || !self.executors.isDisjoint(with: ofThisBuild) ? .diverged : .changed
    }
}

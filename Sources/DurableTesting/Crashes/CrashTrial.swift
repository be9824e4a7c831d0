// SPDX-License-Identifier: Apache-2.0

import Durable
import Libpq

/// What came of running a workflow once, undisturbed or with a crash.
struct CrashTrial: Sendable {
    /// How it ended, with its value or error; or where it stood when it could not go on.
    var result: String
    /// Where it stands, if it cannot go on.
    var standstill: String?
    /// The service's own tables.
    var tables: TableSnapshot
    /// What the outside world was asked to do.
    var observed: [String]?
    /// One line per row of the journal.
    var history: [String]
    /// What became durable, and which one of its kind it was.
    var points: [(point: DurablePoint, number: Int)]
    /// The crash has come about.
    var isStruck: Bool
    /// Attempts that began more than once.
    var repeated: [AttemptLog.Attempt]
    /// Steps that began again though their result was recorded.
    var redone: [String]

    /// What is wrong with it, compared with an undisturbed one.
    func problems(comparedWith undisturbed: CrashTrial) -> [String] {
        var problems: [String] = []
        if self.result != undisturbed.result {
            problems.append("without a crash it \(undisturbed.result); after it, it \(self.result)")
        }
        problems += undisturbed.tables.differences(to: self.tables)
        problems += self.redone.map { "\($0) ran again though its result was recorded" }
        if let expected = undisturbed.observed.map(Multiset.init), let observed = self.observed.map(Multiset.init) {
            let missing = expected.surplus(over: observed)
            // An attempt that was under way in the crash comes again, with its effect: a step runs at least once.
            let extra = self.repeated.isEmpty ? observed.surplus(over: expected) : []
            if !missing.isEmpty || !extra.isEmpty {
                problems.append(
                    """
                    what was observed differs, and no attempt of a step was under way in the crash: \
                    \(observed.words(comparedWith: expected))
                    """
                )
            }
        }
        return problems
    }
}

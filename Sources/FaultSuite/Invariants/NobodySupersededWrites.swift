// SPDX-License-Identifier: Apache-2.0

/// No record of a fenced executor, or of a run that did not own its workflow, was committed: the triggers look at every one.
enum NobodySupersededWrites: Invariant {
    static let name = "nobody superseded writes"

    static func violations(in evidence: Evidence) -> [Violation] {
        evidence.notes.map { self.violation(nil, $0) }
    }
}

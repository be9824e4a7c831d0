// SPDX-License-Identifier: Apache-2.0

/// No program saw a value that nobody had given it, or an error that nobody had thrown.
enum ProgramsSeeNoWonder: Invariant {
    static let name = "programs are given what was meant for them"

    static func violations(in evidence: Evidence) -> [Violation] {
        // A run of a past that was lost reads what is there now, until it is told; nothing of it counts.
        let order = RunOrder(evidence)
        return evidence.lines.filter { $0.kind == .wrong && order.counts($0.run) }.map {
            self.violation($0.workflow, "\($0.name): \($0.detail)")
        }
    }
}

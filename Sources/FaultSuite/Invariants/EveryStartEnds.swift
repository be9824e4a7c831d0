// SPDX-License-Identifier: Apache-2.0

/// Every start that was accepted has ended as its program says, or is paused with a reason that the program explains.
enum EveryStartEnds: Invariant {
    static let name = "every start ends"

    static func violations(in evidence: Evidence) -> [Violation] {
        let rows = Dictionary(evidence.workflows.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
        var found = evidence.scenarios.keys.filter { rows[$0] == nil }.map {
            self.violation($0, "it was accepted, and there is no such workflow")
        }
        for row in evidence.workflows {
            guard let program = row.program else { continue }
            // Whoever is started by a workflow that comes to nothing is cancelled with it.
            let parent = row.parent.flatMap { rows[$0] }
            let mayBeCancelled =
                evidence.cancelled.contains(row.id) || parent.map { $0.status != "succeeded" } ?? false
                || parent.map { self.hasTooManyFailures(row, of: $0, evidence) } ?? false
            if self.explains(program.ending, row, mayBeCancelled: mayBeCancelled) { continue }
            let seen = [row.status, row.state, row.reason, row.waitingFor.map { "waiting for \($0)" }, row.error]
                .compactMap { $0 }.joined(separator: ", ")
            found.append(self.violation(row.id, "its program \(program.ending.rawValue), but it is: \(seen)"))
        }
        return found
    }

    /// Whether it belongs to a group of children of which more have failed than may.
    private static func hasTooManyFailures(
        _ row: Evidence.WorkflowRow,
        of parent: Evidence.WorkflowRow,
        _ evidence: Evidence
    ) -> Bool {
        let parts = evidence.parts(of: parent)
        return (parts.past + parts.present).contains { planned in
            guard case .children(let programs, let group) = planned.operation.action, let tolerated = group.tolerated,
                programs.contains(where: { $0.number == row.program?.number })
            else { return false }
            let numbers = Set(programs.map { $0.number })
            let failed = evidence.workflows.count { other in
                other.parent == parent.id && other.status == "failed"
                    && other.program.map { numbers.contains($0.number) } ?? false
            }
            return failed > tolerated
        }
    }

    private static func explains(
        _ ending: Program.Ending,
        _ row: Evidence.WorkflowRow,
        mayBeCancelled: Bool
    ) -> Bool {
        if mayBeCancelled, row.status == "cancelled" { return true }
        return switch ending {
        case .succeeds: row.status == "succeeded"
        case .fails: row.status == "failed"
        case .awaitsCancellation: row.status == "cancelled"
        case .pauses: row.state == "paused" && row.reason == "undo_failed"
        }
    }
}

// SPDX-License-Identifier: Apache-2.0

/// A workflow that begins anew has done everything of what it leaves behind, once, and takes none of it up or back again; and
/// nothing has begun of what it has not come to.
enum NothingIsLeftBehind: Invariant {
    static let name = "what a workflow leaves behind is whole"

    static func violations(in evidence: Evidence) -> [Violation] {
        var rows: [Evidence.Row: Int] = [:]
        for row in evidence.rows { rows[row, default: 0] += 1 }
        let lines = Dictionary(grouping: evidence.lines.filter { [.begin, .cancel].contains($0.kind) }) {
            Evidence.Row(workflow: $0.workflow, name: $0.name)
        }
        return evidence.workflows.flatMap { row -> [Violation] in
            guard evidence.scenarios[row.id]?.program.later.isEmpty == false else { return [] }
            let parts = evidence.parts(of: row)
            return self.ofPast(row.id, parts.past, rows, lines, evidence)
                + self.ofFuture(row.id, parts.future, rows, lines, evidence)
                + self.again(row.id, parts.past, parts.present, lines, evidence)
        }
    }

    private static func ofPast(
        _ id: String,
        _ past: [PlannedOperation],
        _ rows: [Evidence.Row: Int],
        _ lines: [Evidence.Row: [EffectLine]],
        _ evidence: Evidence
    ) -> [Violation] {
        var found: [Violation] = []
        for planned in past {
            func row(_ name: String) -> Evidence.Row { Evidence.Row(workflow: id, name: name) }
            let isInRace = planned.surroundings.isInRace
            if let effect = planned.effect {
                let count = rows[row(effect)] ?? 0
                if count > 1 || count == 0 && !isInRace {
                    found.append(self.violation(id, "it left \(effect) behind, which has written \(count) times"))
                }
            }
            // What was done before the time that was lost says nothing of what was done again.
            if let step = planned.step, !isInRace, evidence.restoredAt == nil, lines[row(step)] == nil {
                found.append(self.violation(id, "it left \(step) behind, which never began"))
            }
            let undo = row("undo \(planned.operation.name)")
            let isUndone = rows[undo] != nil || evidence.restoredAt == nil && lines[undo] != nil
            if planned.undo != .none, planned.surroundings.failingSaga == nil, !isInRace, isUndone {
                found.append(self.violation(id, "it left \(planned.operation.name) behind, and undid it"))
            }
        }
        return found
    }

    private static func ofFuture(
        _ id: String,
        _ future: [PlannedOperation],
        _ rows: [Evidence.Row: Int],
        _ lines: [Evidence.Row: [EffectLine]],
        _ evidence: Evidence
    ) -> [Violation] {
        future.flatMap { planned -> [Violation] in
            [planned.effect, planned.step].compactMap { $0 }.compactMap { name in
                let row = Evidence.Row(workflow: id, name: name)
                guard rows[row] != nil || evidence.restoredAt == nil && lines[row] != nil else { return nil }
                return self.violation(id, "\(name) began, and the workflow has not come to it")
            }
        }
    }

    private static func again(
        _ id: String,
        _ past: [PlannedOperation],
        _ present: [PlannedOperation],
        _ lines: [Evidence.Row: [EffectLine]],
        _ evidence: Evidence
    ) -> [Violation] {
        let order = RunOrder(evidence)
        func began(_ operations: [PlannedOperation]) -> [EffectLine] {
            operations.compactMap { $0.step }.flatMap { lines[Evidence.Row(workflow: id, name: $0)] ?? [] }
                .filter { order.counts($0.run) }
        }
        guard let first = began(present).min(by: { $0.at < $1.at }) else { return [] }
        return began(past).filter { order.isLater($0.run, than: first.run) }.map {
            self.violation(id, "it left \($0.name) behind, which a later run began again")
        }
    }
}

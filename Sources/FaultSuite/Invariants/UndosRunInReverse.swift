// SPDX-License-Identifier: Apache-2.0

/// What comes to nothing is undone, all of it and nothing else, the last of the program first.
enum UndosRunInReverse: Invariant {
    static let name = "undos run in reverse order"

    static func violations(in evidence: Evidence) -> [Violation] {
        let records = Dictionary(grouping: evidence.records.filter { $0.phase == 0 }, by: { $0.workflow })
        return evidence.workflows.flatMap { row -> [Violation] in
            guard let program = row.program else { return [] }
            return self.violations(row, program, records[row.id] ?? [])
        }
    }

    private static func violations(
        _ row: Evidence.WorkflowRow,
        _ program: Program,
        _ records: [Evidence.Record]
    ) -> [Violation] {
        var done: [String: Evidence.Record] = [:]
        var undone: [String: Evidence.Record] = [:]
        for record in records {
            if record.scope.hasPrefix("undo/") { undone[record.name] = record } else { done[record.name] = record }
        }
        let isUnwound = row.status == "failed" || row.status == "cancelled"
        var found: [Violation] = []
        /// By what undid them: the number of a saga, or 0 for the workflow.
        var groups: [Int: [(number: Int, at: Int64)]] = [:]
        for planned in program.flattened where planned.undo != .none {
            let name = planned.operation.name
            let failedSaga = planned.surroundings.failingSaga.flatMap { done["op\($0)"]?.isError == true ? $0 : nil }
            if let undo = undone["undo \(name)"] {
                // A saga that was undoing when its workflow was cancelled has no record; what it had undone by then it had
                // undone beside everything else.
                let saga = planned.surroundings.failingSaga ?? 0
                groups[saga, default: []].append((planned.operation.number, undo.at))
                if failedSaga == nil, !isUnwound, row.state == nil {
                    found.append(self.violation(row.id, "\(name) was undone, and nothing had failed"))
                }
            } else if failedSaga != nil || isUnwound, let record = done[name] {
                // A transaction that did not commit has left nothing.
                if record.kind == 2, record.isError { continue }
                found.append(self.violation(row.id, "\(name) was not undone"))
            }
        }
        for (saga, undos) in groups {
            for (earlier, later) in zip(undos, undos.dropFirst()) where earlier.at < later.at {
                found.append(
                    self.violation(
                        row.id,
                        "op\(earlier.number) was undone before op\(later.number)\(saga == 0 ? "" : " in the saga op\(saga)")"
                    )
                )
            }
        }
        return found
    }
}

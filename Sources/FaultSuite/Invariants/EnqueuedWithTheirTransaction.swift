// SPDX-License-Identifier: Apache-2.0

/// What a transaction enqueues is there, all of it, where the transaction's record is, and not where it is not.
enum EnqueuedWithTheirTransaction: Invariant {
    static let name = "what is enqueued commits with its transaction"

    static func violations(in evidence: Evidence) -> [Violation] {
        let rows = Dictionary(evidence.workflows.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
        var recorded: Set<Evidence.Row> = []
        for record in evidence.records where record.phase == 0 && record.kind == 2 && !record.isError {
            recorded.insert(Evidence.Row(workflow: record.workflow, name: record.name))
        }
        var found: [Violation] = []
        for row in evidence.workflows {
            let parts = evidence.parts(of: row)
            let past = Set(parts.past.map { $0.operation.number })
            for planned in parts.past + parts.present + parts.future {
                guard case .enqueue(let programs) = planned.operation.action else { continue }
                let name = planned.operation.name
                let isDone =
                    past.contains(planned.operation.number)
                    || recorded.contains(Evidence.Row(workflow: row.id, name: name))
                for (index, program) in programs.enumerated() {
                    let enqueued = rows[Talk.enqueuedID(row.id, name, index)]
                    if isDone ? enqueued?.program != program : enqueued != nil {
                        found.append(
                            self.violation(
                                row.id,
                                "\(name) is \(isDone ? "" : "not ")recorded, and what it enqueued as "
                                    + "\(Talk.enqueuedID(row.id, name, index)) is \(enqueued == nil ? "not " : "")there"
                            )
                        )
                    }
                }
            }
        }
        return found
    }
}

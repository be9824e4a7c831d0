// SPDX-License-Identifier: Apache-2.0

/// What a transaction writes is there exactly once where its record is, and not at all where it is not.
enum TransactionsCountOnce: Invariant {
    static let name = "transactions count once"

    static func violations(in evidence: Evidence) -> [Violation] {
        var found: [Violation] = []
        var written: [Evidence.Row: Int] = [:]
        for row in evidence.rows { written[row, default: 0] += 1 }
        var recorded: Set<Evidence.Row> = []
        for record in evidence.records where record.phase == 0 && record.kind == 2 && !record.isError {
            let row = Evidence.Row(workflow: record.workflow, name: record.name)
            recorded.insert(row)
            let count = written[row] ?? 0
            if count != 1 {
                found.append(
                    self.violation(record.workflow, "\(record.name) is recorded, and has written \(count) times")
                )
            }
        }
        let past = evidence.past
        for (row, count) in written where !recorded.contains(row) {
            if let number = PlannedOperation.number(in: row.name), past[row.workflow]?.contains(number) == true {
                continue
            }
            found.append(self.violation(row.workflow, "\(row.name) is not recorded, and has written \(count) times"))
        }
        var counts: [String: Int] = [:]
        for row in evidence.rows { counts[row.workflow, default: 0] += 1 }
        for workflow in Set(counts.keys).union(evidence.counters.keys) {
            let (rows, counter) = (counts[workflow] ?? 0, evidence.counters[workflow] ?? 0)
            if rows != counter {
                found.append(self.violation(workflow, "its counter is \(counter) after \(rows) rows"))
            }
        }
        return found
    }
}

// SPDX-License-Identifier: Apache-2.0

/// What is recorded of a step or a poll is what an attempt of it has returned.
enum ResultsAreReturned: Invariant {
    static let name = "what is recorded was returned"

    static func violations(in evidence: Evidence) -> [Violation] {
        let order = RunOrder(evidence)
        var returned: [Evidence.Row: Set<Int64>] = [:]
        for line in evidence.lines where line.kind == .end {
            guard let value = Int64(line.detail) else { continue }
            returned[Evidence.Row(workflow: line.workflow, name: line.name), default: []].insert(value)
        }
        return evidence.records.compactMap { record in
            guard record.phase == 0, [1, 15].contains(record.kind), !record.isError, let value = record.value,
                order.counts(record.run)
            else { return nil }
            let row = Evidence.Row(workflow: record.workflow, name: record.name)
            guard returned[row]?.contains(value) != true else { return nil }
            return self.violation(
                record.workflow,
                "\(record.name) is recorded with \(value), which nobody has returned"
            )
        }
    }
}

// SPDX-License-Identifier: Apache-2.0

/// Each message is received once, in the order in which they were sent; what loses a race has received nothing.
enum SignalsAreConsumedOnce: Invariant {
    static let name = "signals are consumed once, in order"

    static func violations(in evidence: Evidence) -> [Violation] {
        var found: [Violation] = []
        var received: [Evidence.Row: [Evidence.Record]] = [:]
        for record in evidence.records where record.phase == 0 && record.kind == 7 {
            // Updates come as messages too.
            if record.name.hasPrefix("update ") { continue }
            received[Evidence.Row(workflow: record.workflow, name: record.name), default: []].append(record)
        }
        let rows = Dictionary(evidence.workflows.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
        for (row, records) in received {
            // What it received before it began anew is recorded no more.
            let before = rows[row.workflow].map { self.receives(row.name, evidence.parts(of: $0).past) } ?? 0
            // A branch of a race may have received it and lost: then it is received again behind the race.
            let kept = records.filter { !$0.scope.contains("race@") }.sorted { $0.at < $1.at }
            let values = kept.compactMap { $0.value }
            if values.count != kept.count || !zip(values, (before + 1)...).allSatisfy({ $0 == Int64($1) }) {
                found.append(self.violation(row.workflow, "of \(row.name) it received \(values)"))
            }
        }
        let succeeded = Set(evidence.workflows.filter { $0.status == "succeeded" }.map { $0.id })
        for row in evidence.unread where succeeded.contains(row.workflow) {
            found.append(self.violation(row.workflow, "it received all of \(row.name), and one is left"))
        }
        for row in evidence.workflows where succeeded.contains(row.id) {
            let id = row.id
            for signal in row.program?.signals ?? [] {
                let count = Set((received[Evidence.Row(workflow: id, name: signal.name)] ?? []).compactMap { $0.value })
                    .count
                if count != signal.count {
                    found.append(self.violation(id, "of \(signal.count) \(signal.name) it received \(count)"))
                }
            }
        }
        return found
    }

    private static func receives(_ name: String, _ operations: [PlannedOperation]) -> Int {
        operations.count { $0.operation.action == .receive(signal: name) }
    }
}

// SPDX-License-Identifier: Apache-2.0

/// A value that a workflow publishes is the last that it has published, and each was published once.
enum ValuesArePublished: Invariant {
    static let name = "the last value is published"

    static func violations(in evidence: Evidence) -> [Violation] {
        var recorded: [Evidence.Row: Int] = [:]
        for record in evidence.records where record.phase == 0 && record.kind == 12 {
            recorded[Evidence.Row(workflow: record.workflow, name: record.name), default: 0] += 1
        }
        return evidence.workflows.flatMap { row -> [Violation] in
            let parts = evidence.parts(of: row)
            var numbers: [String: [Int]] = [:]
            var past: [String: Int] = [:]
            var unknown: Set<String> = []
            for (planned, isPast) in parts.past.map({ ($0, true) }) + parts.present.map({ ($0, false) }) {
                guard case .publish(let name) = planned.operation.action else { continue }
                numbers[name, default: []].append(planned.operation.number)
                guard isPast else { continue }
                past[name, default: 0] += 1
                // Whether it came to that is known to nobody any more.
                if planned.surroundings.isInRace { unknown.insert(name) }
            }
            return numbers.compactMap { name, numbers in
                let key = Evidence.Row(workflow: row.id, name: name)
                let count = (past[name] ?? 0) + (recorded[key] ?? 0)
                let seen = evidence.published[key]
                guard !unknown.contains(name) else { return nil }
                if count == 0, seen == nil { return nil }
                if count > 0, count <= numbers.count, seen?.version == count, seen?.value == numbers[count - 1] {
                    return nil
                }
                let words = seen.map { "\($0.value), as the \($0.version). value" } ?? "nothing"
                return self.violation(row.id, "\(name) was published \(count) times of \(numbers), and is \(words)")
            }
        }
    }
}

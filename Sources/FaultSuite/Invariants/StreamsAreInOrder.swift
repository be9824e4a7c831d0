// SPDX-License-Identifier: Apache-2.0

/// A stream holds what was appended to it, each element once, in the order of the program.
enum StreamsAreInOrder: Invariant {
    static let name = "streams are in order"

    static func violations(in evidence: Evidence) -> [Violation] {
        var recorded: Set<Evidence.Row> = []
        var counts: [Evidence.Row: Int] = [:]
        for record in evidence.records where record.phase == 0 && !record.isError {
            if record.kind == 1 { recorded.insert(Evidence.Row(workflow: record.workflow, name: record.name)) }
            if record.kind == 14 {
                counts[Evidence.Row(workflow: record.workflow, name: record.name), default: 0] += 1
            }
        }
        return evidence.workflows.flatMap { row -> [Violation] in
            let parts = evidence.parts(of: row)
            var expected: [String: (elements: [Int], open: [Int])] = [:]
            var unknown: Set<String> = []
            func add(_ planned: PlannedOperation, isPast: Bool) {
                guard case .append(let stream, _) = planned.operation.action else { return }
                if isPast, planned.surroundings.isInRace { unknown.insert(stream) }
                let elements = planned.operation.elements
                let key = Evidence.Row(workflow: row.id, name: stream)
                var isDone = isPast
                if !isPast, elements.count > 1 {
                    isDone = recorded.contains(Evidence.Row(workflow: row.id, name: planned.operation.name))
                } else if !isPast, let left = counts[key], left > 0 {
                    counts[key] = left - 1
                    isDone = true
                }
                if isDone {
                    expected[stream, default: ([], [])].elements += elements
                } else if expected[stream, default: ([], [])].open.isEmpty, elements.count > 1 {
                    // A step that has not ended may have appended some of its elements.
                    expected[stream, default: ([], [])].open = elements
                }
            }
            for planned in parts.past { add(planned, isPast: true) }
            for planned in parts.present { add(planned, isPast: false) }
            return expected.compactMap { stream, expected in
                let seen = evidence.streams[Evidence.Row(workflow: row.id, name: stream)] ?? []
                let rest = seen.dropFirst(expected.elements.count)
                if unknown.contains(stream) { return nil }
                if seen.starts(with: expected.elements), expected.open.starts(with: rest) { return nil }
                return self.violation(row.id, "\(stream) holds \(seen), after \(expected.elements) were appended")
            }
        }
    }
}

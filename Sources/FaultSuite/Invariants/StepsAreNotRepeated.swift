// SPDX-License-Identifier: Apache-2.0

/// A step or a poll that is recorded has run, and no run that began later has begun it again, nor the same run after that attempt.
enum StepsAreNotRepeated: Invariant {
    static let name = "recorded steps are not repeated"

    static func violations(in evidence: Evidence) -> [Violation] {
        let order = RunOrder(evidence)
        var attempts: [Evidence.Row: [EffectLine]] = [:]
        for line in evidence.lines where line.kind == .begin || line.kind == .cancel {
            attempts[Evidence.Row(workflow: line.workflow, name: line.name), default: []].append(line)
        }
        var found: [Violation] = []
        for record in evidence.records where record.phase == 0 && [1, 15].contains(record.kind) {
            guard order.counts(record.run) else { continue }
            let lines = attempts[Evidence.Row(workflow: record.workflow, name: record.name)] ?? []
            if lines.isEmpty {
                found.append(self.violation(record.workflow, "\(record.name) is recorded, and never began"))
            }
            for line in lines {
                if order.isLater(line.run, than: record.run) {
                    found.append(
                        self.violation(record.workflow, "\(record.name) was recorded, and a later run began it again")
                    )
                } else if record.kind == 1, line.run == record.run, line.attempt > record.attempt {
                    found.append(
                        self.violation(
                            record.workflow,
                            "\(record.name) was recorded with attempt \(record.attempt), and began attempt \(line.attempt)"
                        )
                    )
                }
            }
        }
        return found
    }
}

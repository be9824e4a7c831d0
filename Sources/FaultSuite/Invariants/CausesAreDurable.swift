// SPDX-License-Identifier: Apache-2.0

/// Whenever a step began, it was given the same: what it depends on was durable before.
enum CausesAreDurable: Invariant {
    static let name = "causes are durable before their effects"

    static func violations(in evidence: Evidence) -> [Violation] {
        let order = RunOrder(evidence)
        var given: [Evidence.Row: Int64] = [:]
        var found: [Violation] = []
        for line in evidence.lines where [.begin, .end, .token, .cancel].contains(line.kind) && order.counts(line.run) {
            let row = Evidence.Row(workflow: line.workflow, name: line.name)
            guard let first = given[row] else {
                given[row] = line.digest
                continue
            }
            if first != line.digest {
                found.append(
                    self.violation(line.workflow, "\(line.name) began twice, and what it depends on had changed")
                )
            }
        }
        return found
    }
}

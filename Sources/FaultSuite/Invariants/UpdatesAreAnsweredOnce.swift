// SPDX-License-Identifier: Apache-2.0

/// An update is answered once, by a transaction that counts; whoever asked, however often, was told that answer.
enum UpdatesAreAnsweredOnce: Invariant {
    static let name = "updates are answered once"

    static func violations(in evidence: Evidence) -> [Violation] {
        var found: [Violation] = []
        var values: [Int64: Evidence.Row] = [:]
        for (row, update) in evidence.updates {
            guard let answer = update.answer else { continue }
            if Int(row.name.drop { $0 != "#" }.dropFirst()) != answer.request {
                found.append(self.violation(row.workflow, "\(row.name) was answered as the request \(answer.request)"))
            }
            if let other = values.updateValue(row, forKey: answer.value) {
                found.append(self.violation(row.workflow, "\(row.name) was answered as \(other.name) was"))
            }
            let effect = evidence.effects[answer.value]
            if effect?.workflow != row.workflow || effect?.name.hasPrefix("answer ") != true {
                found.append(
                    self.violation(row.workflow, "\(row.name) was answered with \(answer.value), which nobody wrote")
                )
            }
        }
        for row in evidence.workflows where row.status == "succeeded" {
            for update in evidence.scenarios[row.id]?.program.updates ?? [] {
                for number in 1...max(1, update.count) {
                    let request = Evidence.Row(workflow: row.id, name: Talk.requestID(update.name, number))
                    if evidence.updates[request]?.state != "answered" {
                        let state = evidence.updates[request]?.state ?? "lost"
                        found.append(self.violation(row.id, "it answers \(request.name), which is \(state)"))
                    }
                }
            }
        }
        // What a caller was told of a past that was lost says nothing.
        for (row, answer) in evidence.answers where evidence.restoredAt == nil {
            if evidence.updates[row]?.answer != answer {
                found.append(
                    self.violation(
                        row.workflow,
                        "its caller was answered \(answer) to \(row.name), and there is "
                            + (evidence.updates[row]?.answer.map { "\($0)" } ?? "no answer")
                    )
                )
            }
        }
        return found
    }
}

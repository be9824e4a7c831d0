// SPDX-License-Identifier: Apache-2.0

import Durable

/// A little of everything, of which a hundred are in flight when the database goes away.
struct BusyWorkflow: Workflow {
    static let name = "busy"

    let effects: EffectLog

    func run(_ number: Int, in workflow: WorkflowContext) async throws -> Int {
        let effects = self.effects
        var sum = number
        for part in 0..<6 {
            sum += try await workflow.step("part") { step in
                effects.begin(step, "part-\(part)")
                try await Task.sleep(for: .milliseconds(20))
                effects.end(step, "part-\(part)")
                return 1
            }
            try await workflow.transaction("book") { try await Booking.insert("book-\(part)", $0) }
        }
        try await workflow.sleep(for: .milliseconds(30))
        let (left, right) = try await workflow.parallel(
            { branch in
                try await branch.step("left") { step in
                    effects.perform(step, "left")
                    return 1
                }
            },
            { branch in
                try await branch.step("right") { step in
                    effects.perform(step, "right")
                    return 1
                }
            }
        )
        return sum + left + right
    }
}

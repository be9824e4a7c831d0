// SPDX-License-Identifier: Apache-2.0

import Durable

/// Three short steps, of which many workflows make work for several processes.
struct SharedWorkflow: Workflow {
    static let name = "shared"

    let effects: EffectLog
    let gates: Gates

    func run(_ number: Int, in workflow: WorkflowContext) async throws -> Int {
        let (effects, gates) = (self.effects, self.gates)
        var sum = number
        for part in ["one", "two", "three"] {
            sum += try await workflow.step(part) { step in
                effects.begin(step, part)
                await gates.pass(part, for: step.workflow)
                try await Task.sleep(for: .milliseconds(2))
                effects.end(step, part)
                return 1
            }
        }
        return sum
    }
}

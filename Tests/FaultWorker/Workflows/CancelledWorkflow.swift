// SPDX-License-Identifier: Apache-2.0

import Durable

/// Is cancelled while it waits at a gate in a step, and has that to undo.
struct CancelledWorkflow: Workflow {
    static let name = "cancelled"

    let effects: EffectLog
    let gates: Gates

    func run(_ order: String, in workflow: WorkflowContext) async throws -> String {
        let (effects, gates) = (self.effects, self.gates)
        try await workflow.step("hold") { step in
            await gates.pass("hold", for: step.workflow)
        } undo: {
            effects.perform($0, "undo")
        }
        // Whether it had heard of it or not when the step ended.
        try await workflow.sleep(for: .seconds(3_600))
        return order
    }
}

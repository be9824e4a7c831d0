// SPDX-License-Identifier: Apache-2.0

import Durable

/// Sleeps between two steps, in memory.
struct NapWorkflow: Workflow {
    static let name = "nap"

    let effects: EffectLog

    func run(_ order: String, in workflow: WorkflowContext) async throws -> String {
        let effects = self.effects
        try await workflow.step("before") { effects.perform($0, "before") }
        try await workflow.sleep(for: .seconds(8))
        try await workflow.step("after") { effects.perform($0, "after") }
        return order
    }
}

// SPDX-License-Identifier: Apache-2.0

import Durable
import FaultProcesses

/// A step in the middle that waits at a gate and ignores cancellation; it returns who ran it.
struct HeldWorkflow: Workflow {
    static let name = "held"

    let effects: EffectLog
    let gates: Gates

    func run(_ order: String, in workflow: WorkflowContext) async throws -> String {
        let (effects, gates) = (self.effects, self.gates)
        try await workflow.step("first") { effects.perform($0, "first") }
        let holder = try await workflow.step("hold") { step in
            await effects.hold(step, "hold", at: gates)
            return "\(System.pid)/\(step.fencingToken)"
        }
        try await workflow.step("last") { effects.perform($0, "last") }
        return "\(order) \(holder)"
    }
}

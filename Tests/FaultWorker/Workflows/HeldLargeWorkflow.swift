// SPDX-License-Identifier: Apache-2.0

import Durable
import FaultProcesses

/// As `HeldWorkflow`, with a result of more bytes than a socket takes at once.
struct HeldLargeWorkflow: Workflow {
    static let name = "held-large"

    let effects: EffectLog
    let gates: Gates

    func run(_ order: String, in workflow: WorkflowContext) async throws -> String {
        let (effects, gates) = (self.effects, self.gates)
        try await workflow.step("first") { effects.perform($0, "first") }
        let holder = try await workflow.step("hold") { step in
            await effects.hold(step, "hold", at: gates)
            return "\(System.pid) " + String(repeating: "x", count: 6 << 20)
        }
        try await workflow.step("last") { effects.perform($0, "last") }
        return "\(order) \(holder.prefix { $0 != " " })"
    }
}

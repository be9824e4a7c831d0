// SPDX-License-Identifier: Apache-2.0

import Durable

/// As `HeldWorkflow`, with a transaction that stands open at the gate.
struct HeldTransactionWorkflow: Workflow {
    static let name = "held-transaction"

    let effects: EffectLog
    let gates: Gates

    func run(_ order: String, in workflow: WorkflowContext) async throws -> String {
        let (effects, gates) = (self.effects, self.gates)
        try await workflow.step("first") { effects.perform($0, "first") }
        let count = try await workflow.transaction("book") { transaction in
            try await Booking.insert("book", transaction)
            await gates.pass("book", for: transaction.workflow)
            return try await Booking.count(transaction)
        }
        try await workflow.step("last") { effects.perform($0, "last") }
        return "\(order) \(count)"
    }
}

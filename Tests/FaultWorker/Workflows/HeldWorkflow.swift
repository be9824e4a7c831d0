// SPDX-License-Identifier: Apache-2.0

import Durable

/// A step in the middle that waits at a gate and ignores cancellation; it returns who ran it.
struct HeldWorkflow: Workflow {
    static let name = "held"

    let effects: EffectLog
    let gates: Gates

    func run(_ order: String, in workflow: WorkflowContext) async throws -> String {
        let (effects, gates) = (self.effects, self.gates)
        try await workflow.step("first") { effects.perform($0, "first") }
        let holder = try await workflow.step("hold") { step in
            effects.begin(step, "hold")
            await gates.pass("hold", for: step.workflow)
            effects.end(step, "hold")
            return "\(System.pid)/\(step.fencingToken)"
        }
        try await workflow.step("last") { effects.perform($0, "last") }
        return "\(order) \(holder)"
    }
}

/// The same with a transaction that stands open at the gate.
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

/// The same with a result of more bytes than a socket takes at once.
struct HeldLargeWorkflow: Workflow {
    static let name = "held-large"

    let effects: EffectLog
    let gates: Gates

    func run(_ order: String, in workflow: WorkflowContext) async throws -> String {
        let (effects, gates) = (self.effects, self.gates)
        try await workflow.step("first") { effects.perform($0, "first") }
        let holder = try await workflow.step("hold") { step in
            effects.begin(step, "hold")
            await gates.pass("hold", for: step.workflow)
            effects.end(step, "hold")
            return "\(System.pid) " + String(repeating: "x", count: 6 << 20)
        }
        try await workflow.step("last") { effects.perform($0, "last") }
        return "\(order) \(holder.prefix { $0 != " " })"
    }
}

// SPDX-License-Identifier: Apache-2.0

// The code of Annotations.md.

import DurableMacros

@Workflow("order", version: 2, resumes: 1...2)
struct OrderWorkflow {
    let payments: PaymentsClient

    func run(_ order: Order, in workflow: WorkflowContext) async throws -> String {
        try await self.reserve(order, in: workflow)
        return try await self.charge(order, in: workflow)
    }

    @Transaction
    func reserve(_ order: Order, in transaction: Transaction) async throws {
        try await transaction.execute("INSERT INTO reservation (order_id, sku) VALUES (\(order.id), \(order.sku))")
    }

    @Step(retry: .exponential(attempts: 5), timeout: .seconds(30))
    func charge(_ order: Order, in step: StepContext) async throws -> String {
        try await self.payments.charge(order.totalInCents, idempotencyKey: step.idempotencyKey)
    }
}

extension OrderWorkflow {
    func undone(_ order: Order, in workflow: WorkflowContext) async throws {
        _ = try await self.charge(order, in: workflow) { charge, step in
            guard let charge else { return }  // it failed, or nobody knows
            try await self.payments.refund(charge, idempotencyKey: step.idempotencyKey)
        }
    }

    func beneath(_ order: Order, in workflow: WorkflowContext) async throws -> String {
        let charge = try await workflow.step("charge", inputs: StepInputs(order)) { step in
            try await self.payments.charge(order.totalInCents, idempotencyKey: step.idempotencyKey)
        }
        return charge
    }
}

@Workflow
struct Greetings {
    func run(_ name: String, times: Int = 1, in workflow: WorkflowContext) async throws {
        try await self.greet(name, times, in: workflow)
    }

    @Step
    func greet(_ name: String, _ times: Int, in step: StepContext) async throws {}
}

func greet(_ engine: DurableEngine) async throws {
    try await engine.start(Greetings.self, .init("world", times: 2), id: "greetings-1")
}

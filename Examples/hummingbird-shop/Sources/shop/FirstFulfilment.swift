// SPDX-License-Identifier: Apache-2.0

import DurableMacros

/// The same as it was in release 1: here only so that one program can be both, and the roll be tried with one build.
///
/// It shares nothing with release 2: what has been released must not change with what comes after it.
@Workflow("fulfilment", version: 1)
struct FirstFulfilment {
    func run(_ order: Order, in workflow: WorkflowContext) async throws -> Parcel {
        try await self.reserve(order, in: workflow)
        for station in ["pick", "pack", "weigh"] {
            try await workflow.step(station) { step in try await Warehouse.work(station, step.idempotencyKey) }
        }
        try await workflow.sleep(for: .seconds(1))
        let number = try await workflow.step("send") { step in try await Warehouse.work("send", step.idempotencyKey) }
        try await self.complete(order, in: workflow)
        return Parcel(number: number)
    }

    @Transaction
    func reserve(_ order: Order, in transaction: Transaction) async throws {
        try await transaction.execute(
            "INSERT INTO reservation (order_id, sku, quantity) VALUES (\(order.id), \(order.sku), \(order.quantity))"
        )
    }

    @Transaction
    func complete(_ order: Order, in transaction: Transaction) async throws {
        try await transaction.execute("UPDATE orders SET state = 'done' WHERE id = \(order.id)")
    }
}

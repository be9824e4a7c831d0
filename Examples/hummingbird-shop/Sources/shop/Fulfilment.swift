// SPDX-License-Identifier: Apache-2.0

import DurableMacros

/// An order from its reservation to its parcel.
///
/// Release 2: new orders, and those of release 1 that have not come so far yet, get a card. Processes of release 1 are offered
/// none of its workflows; those of release 2 take up both.
@Workflow("fulfilment", version: 2, resumes: 1...2)
struct Fulfilment {
    func run(_ order: Order, in workflow: WorkflowContext) async throws -> Parcel {
        try await self.reserve(order, in: workflow)
        for station in ["pick", "pack", "weigh"] {
            try await workflow.step(station) { step in try await Warehouse.work(station, step.idempotencyKey) }
        }
        if try await workflow.patched("card") {
            try await workflow.step("card") { step in try await Warehouse.work("card", step.idempotencyKey) }
        }
        // Three days here would hold no memory and no connection.
        try await workflow.sleep(for: .seconds(1))
        let number = try await workflow.step("send") { step in try await Warehouse.work("send", step.idempotencyKey) }
        try await self.complete(order, in: workflow)
        return Parcel(number: number)
    }

    /// The order's row and the checkpoint commit together.
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

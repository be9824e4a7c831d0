// SPDX-License-Identifier: Apache-2.0

import Durable
import ServiceLifecycle

/// The part of the service that takes an order: it starts the workflow, and waits for its end.
struct Shop: Service {
    let engine: DurableEngine
    let pool: PostgresPool
    let order: Order

    func run() async throws {
        try await Tables.insert(self.order, in: self.pool)
        // The same id for the same order: asking twice starts one workflow.
        let handle = try await self.engine.start(Checkout.self, self.order, id: "checkout-\(self.order.id)")
        say(handle.isNew ? "started \(handle.id)" : "\(handle.id) was started before; waiting for its end")
        do {
            let receipt = try await cancelWhenGracefulShutdown { try await handle.result() }
            say("\(handle.id) succeeded: \(receipt.charge), \(receipt.email), \(receipt.label)")
        } catch let error as DurableError where error.code == .workflowFailed {
            say("\(handle.id) failed: \(error.message)")
        } catch is CancellationError {
            say("shutting down; \(handle.id) goes on in the next process")
        }
    }
}

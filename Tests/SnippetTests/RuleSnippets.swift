// SPDX-License-Identifier: Apache-2.0

import Durable
import Logging

struct Rules: Workflow {
    let payments: PaymentsClient

    func run(_ order: Order, in workflow: WorkflowContext) async throws -> [String] {
        let now = workflow.now
        let reference = workflow.uuid()
        let isSampled = Int.random(in: 1...100, using: &workflow.random) == 1
        let metadata: Logger.Metadata = ["at": "\(now)", "reference": "\(reference)", "sampled": "\(isSampled)"]
        workflow.logger.info("checked out", metadata: metadata)

        do {
            try await workflow.step("charge") { step in
                try await self.payments.charge(order.totalInCents, idempotencyKey: step.idempotencyKey)
            }
        } catch let interruption as WorkflowInterruption {
            throw interruption
        } catch {
            try await workflow.step("tell-support") { step in step.logger.error("not charged") }
        }

        let prices = ["teapot": 4_900, "cup": 900]
        var charges: [String] = []
        for (sku, price) in prices.sorted(by: { $0.key < $1.key }) {
            charges.append(
                try await workflow.step("charge-\(sku)") { step in
                    try await self.payments.charge(price, idempotencyKey: step.idempotencyKey)
                }
            )
        }
        return charges
    }
}

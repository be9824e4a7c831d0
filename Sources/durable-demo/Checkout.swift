// SPDX-License-Identifier: Apache-2.0

import Durable

/// An order from its reservation to its end.
///
/// `run` is an ordinary function. Killed at any line, it goes on in the next process from its last committed checkpoint.
struct Checkout: Workflow {
    static let name = "checkout"

    let payments: PaymentService
    let mailer: Mailer
    let printer: LabelPrinter

    func run(_ order: Order, in workflow: WorkflowContext) async throws -> Receipt {
        // The row and the checkpoint commit together: exactly once.
        try await workflow.transaction("reserve") { transaction in
            try await transaction.execute(
                "INSERT INTO reservation (order_id, sku, quantity) VALUES (\(order.id), \(order.sku), \(order.quantity))"
            )
            say("reserve: \(order.quantity) x \(order.sku), in one transaction with its checkpoint")
        }

        // At least once, recorded once; failed attempts are counted across crashes.
        let charge = try await workflow.step("charge", retry: .exponential(attempts: 5)) { step in
            try await self.payments.charge(order.totalInCents, attempt: step.attempt, key: step.idempotencyKey)
        }

        let (email, label) = try await workflow.parallel(
            { branch in
                try await branch.step("email") { step in
                    try await self.mailer.confirm(order, key: step.idempotencyKey)
                }
            },
            { branch in
                try await branch.step("label") { step in
                    try await self.printer.label(order, key: step.idempotencyKey)
                }
            }
        )

        // Two seconds here; three days would hold no memory and no connection.
        try await workflow.sleep(for: .seconds(2))

        try await workflow.transaction("complete") { transaction in
            try await transaction.execute("UPDATE orders SET state = 'done', charge = \(charge) WHERE id = \(order.id)")
            say("complete: the order is done")
        }
        return Receipt(charge: charge, email: email, label: label)
    }
}

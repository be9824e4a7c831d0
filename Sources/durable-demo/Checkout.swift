// SPDX-License-Identifier: Apache-2.0

import DurableMacros

extension Signal where Payload == Bool {
    /// A person's answer to a large order.
    static let approval = Signal("approval")
}

/// An order from its reservation to its end.
///
/// `run` is an ordinary function. Killed at any line, it goes on in the next process from its last committed checkpoint.
@Workflow("checkout")
struct Checkout {
    let payments: PaymentService
    let mailer: Mailer
    let printer: LabelPrinter

    struct NotApproved: Error, CustomStringConvertible {
        var description: String { "the order was not approved" }
    }

    func run(_ order: Order, in workflow: WorkflowContext) async throws -> Receipt {
        // What follows `in workflow` undoes the step, should the workflow fail or be cancelled later.
        try await self.reserve(order, in: workflow) { transaction in
            try await transaction.execute("DELETE FROM reservation WHERE order_id = \(order.id)")
            say("undo reserve: released what was reserved")
        }
        let charge = try await self.charge(order, in: workflow) { charge, step in
            try await self.payments.refund(charge, key: step.idempotencyKey)
        }
        // A large order waits for a person: for three days, if need be, without memory and without a connection.
        if order.totalInCents >= 100_000 {
            let isApproved = try await workflow.receive(.approval, within: .seconds(3 * 86_400))
            guard isApproved == true else { throw NotApproved() }
        }
        let (email, label) = try await workflow.parallel(
            { branch in try await self.email(order, in: branch) },
            { branch in try await self.label(order, in: branch) }
        )
        // Two seconds here; three days would hold no memory and no connection.
        try await workflow.sleep(for: .seconds(2))
        try await self.complete(order, charge, in: workflow)
        return Receipt(charge: charge, email: email, label: label)
    }

    /// The row and the checkpoint commit together: exactly once.
    @Transaction
    func reserve(_ order: Order, in transaction: Transaction) async throws {
        try await transaction.execute(
            "INSERT INTO reservation (order_id, sku, quantity) VALUES (\(order.id), \(order.sku), \(order.quantity))"
        )
        say("reserve: \(order.quantity) x \(order.sku), in one transaction with its checkpoint")
    }

    /// At least once, recorded once; failed attempts are counted across crashes.
    @Step(retry: .exponential(attempts: 5))
    func charge(_ order: Order, in step: StepContext) async throws -> String {
        try await self.payments.charge(order.totalInCents, attempt: step.attempt, key: step.idempotencyKey)
    }

    @Step
    func email(_ order: Order, in step: StepContext) async throws -> String {
        try await self.mailer.confirm(order, key: step.idempotencyKey)
    }

    @Step
    func label(_ order: Order, in step: StepContext) async throws -> String {
        try await self.printer.label(order, key: step.idempotencyKey)
    }

    @Transaction
    func complete(_ order: Order, _ charge: String, in transaction: Transaction) async throws {
        try await transaction.execute("UPDATE orders SET state = 'done', charge = \(charge) WHERE id = \(order.id)")
        say("complete: the order is done")
    }
}

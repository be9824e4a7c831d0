// SPDX-License-Identifier: Apache-2.0

import Durable
import Foundation
import Logging

struct OutOfStock: Error {}

struct ExportsClient: Sendable {
    func status(_ key: String) async throws -> String { "ready" }
}

extension PaymentsClient {
    func refund(_ receipt: String?, idempotencyKey: String) async throws {}
}

struct PrintLabel: Workflow {
    func run(_ order: Order, in workflow: WorkflowContext) async throws -> String { "label" }
}

struct Charge: Workflow {
    func run(_ order: Order, in workflow: WorkflowContext) async throws -> String { "receipt" }
}

struct Undoing: Workflow {
    let payments: PaymentsClient

    func run(_ input: Nothing, in workflow: WorkflowContext) async throws -> String {
        let flight = try await workflow.step("book flight") { step in
            try await self.payments.charge(12_000, idempotencyKey: step.idempotencyKey)
        } undo: { receipt, step in
            try await self.payments.refund(receipt, idempotencyKey: step.idempotencyKey)
        }
        do {
            try await workflow.saga("order") { saga in
                try await saga.step("charge") { step in
                    try await self.payments.charge(4_900, idempotencyKey: step.idempotencyKey)
                } undo: { receipt, step in
                    try await self.payments.refund(receipt, idempotencyKey: step.idempotencyKey)
                }
                try await saga.step("ship") { step in throw OutOfStock() }
            }
        } catch let failure as StepFailure {
            workflow.logger.info("the charge was refunded: \(failure.message)")
        }
        return flight
    }
}

struct Catching: Workflow {
    let payments: PaymentsClient

    func run(_ order: Order, in workflow: WorkflowContext) async throws -> Nothing {
        do {
            try await workflow.step("charge") { step in
                try await self.payments.charge(order.totalInCents, idempotencyKey: step.idempotencyKey)
            }
        } catch let failure as StepFailure {
            try await workflow.step("tell-support") { step in step.logger.error("not charged: \(failure.message)") }
        }
        return Nothing()
    }
}

struct Parent: Workflow {
    func run(_ orders: [Order], in workflow: WorkflowContext) async throws -> Int {
        if let order = orders.first {
            let label = try await workflow.start(PrintLabel.self, order)
            let receipt = try await workflow.child(Charge.self, order)
            let printed = try await label.result(in: workflow)
            workflow.logger.info("\(receipt) \(printed)")
        }
        let results = try await workflow.children(Charge.self, orders, maxConcurrent: 500, tolerate: .count(10))
        let failed = results.count { if case .failure = $0 { true } else { false } }
        return failed
    }
}

struct WeeklyReport: Workflow {
    let exports: ExportsClient

    func run(_ week: Int, in workflow: WorkflowContext) async throws -> Nothing {
        let export = try await workflow.poll("export", every: .exponential(first: .seconds(5))) { step in
            try await self.exports.status(step.idempotencyKey)
        } until: { status in
            status == "ready"
        }
        workflow.logger.info("the export is \(export)")
        try await workflow.sleep(until: .next(.monday, at: 9, in: .gmt))
        try await workflow.continueAsNew(WeeklyReport.self, week + 1)
    }
}

// SPDX-License-Identifier: Apache-2.0

import Durable

struct CardRefused: Error, Codable {
    var reason: String
}

struct TooManyRequests: Error {
    var retryAfter: Duration
}

struct Refund: Workflow {
    static let failures: [any (Error & Codable & Sendable).Type] = [CardRefused.self]

    let payments: PaymentsClient

    func run(_ order: Order, in workflow: WorkflowContext) async throws -> String {
        var retry = RetryPolicy.exponential(attempts: 8, first: .milliseconds(200))
        retry.total = .seconds(600)
        retry.decide = { error, attempt in error is CardRefused ? .stop : .byPolicy }

        let charge: String
        do {
            charge = try await workflow.step("charge", retry: retry, timeout: .seconds(30)) { step in
                try await self.payments.charge(order.totalInCents, idempotencyKey: step.idempotencyKey)
            }
        } catch let refusal as CardRefused {
            return "refused: \(refusal.reason)"
        }

        try await workflow.step("refund") { step in
            do {
                try await self.payments.refund(charge, idempotencyKey: step.idempotencyKey)
            } catch let error as TooManyRequests {
                throw RetryAfter(error.retryAfter, error)
            } catch let error as CardRefused {
                throw NonRetryable(error)
            }
        }
        return charge
    }
}

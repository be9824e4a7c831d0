// SPDX-License-Identifier: Apache-2.0

import Durable

struct Shipping: Workflow {
    let carriers: [Carrier]

    func run(_ order: Order, in workflow: WorkflowContext) async throws -> [String] {
        let labels = try await workflow.map(order.lines, maxConcurrent: 8) { line, branch in
            try await branch.step("label") { step in "label for \(line)" }
        }

        let quotes = try await workflow.mapSettled(self.carriers, completion: .successes(3)) { carrier, branch in
            try await branch.step("quote") { step in
                try await carrier.quote(order, idempotencyKey: step.idempotencyKey)
            }
        }
        let cheapest = quotes.compactMap { try? $0?.get() }.min()

        let (stock, fraud) = try await workflow.parallelSettled(
            { branch in try await branch.step("check-stock") { step in true } },
            { branch in try await branch.step("check-fraud") { step in true } }
        )
        if case .failure(let error) = stock { throw error }
        if case .failure(let error) = fraud { throw error }

        return try await workflow.scope("notify") { scope in
            try await scope.step("email") { step in "told about \(cheapest ?? 0)" }
            return labels
        }
    }
}

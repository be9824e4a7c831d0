// SPDX-License-Identifier: Apache-2.0

import Durable

/// A workflow as closures, with a helper that takes the context.
struct Checkout: Workflow {
    static let name = "sample-checkout"

    func run(_ lines: [Int], in workflow: WorkflowContext) async throws -> String {
        let charge = try await workflow.step("charge") { step in
            print("effect: charge")
            return "charge-7"
        }
        let (left, right) = try await workflow.parallel(
            { branch in try await self.total(lines, in: branch) },
            { branch in try await self.total(lines, in: branch) }
        )
        return "\(charge) \([try await self.total(lines, in: workflow), left, right])"
    }

    func total(_ lines: [Int], in workflow: WorkflowContext) async throws -> Int {
        try await workflow.step("total") { step in lines.reduce(0, +) }
    }
}

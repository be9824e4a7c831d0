// SPDX-License-Identifier: Apache-2.0

import Durable
import Foundation

struct Reminder: Workflow {
    func run(_ day: Date, in workflow: WorkflowContext) async throws -> Bool {
        try await workflow.sleep(for: .seconds(3 * 24 * 3600))
        try await workflow.sleep(until: day)

        let isPaid = try await workflow.race(
            { branch in try await self.collectPayment(in: branch) },
            { branch in
                try await branch.sleep(for: .seconds(3600))
                return false
            }
        )
        return isPaid
    }

    func collectPayment(in branch: WorkflowContext) async throws -> Bool {
        try await branch.step("collect") { step in true }
    }
}

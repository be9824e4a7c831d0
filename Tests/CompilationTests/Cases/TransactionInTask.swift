// SPDX-License-Identifier: Apache-2.0

import Durable

struct TransactionInTask: Workflow {
    func run(_ count: Int, in workflow: WorkflowContext) async throws -> Int {
        #if MISTAKE
            return try await workflow.transaction("reserve") { transaction in
                let deleted = Task {  // error: risks causing data races
                    try await transaction.execute("DELETE FROM reservation")
                }
                return try await deleted.value
            }
        #else
            return try await workflow.transaction("reserve") { transaction in
                try await transaction.execute("DELETE FROM reservation")
            }
        #endif
    }
}

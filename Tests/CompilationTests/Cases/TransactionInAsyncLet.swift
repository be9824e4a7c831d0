// SPDX-License-Identifier: Apache-2.0

import Durable

struct TransactionInAsyncLet: Workflow {
    func run(_ count: Int, in workflow: WorkflowContext) async throws -> Int {
        #if MISTAKE
            return try await workflow.transaction("reserve") { transaction in
                async let deleted = transaction.execute("DELETE FROM reservation")  // error: sending 'transaction'
                return try await deleted
            }
        #else
            return try await workflow.transaction("reserve") { transaction in
                try await transaction.execute("DELETE FROM reservation")
            }
        #endif
    }
}

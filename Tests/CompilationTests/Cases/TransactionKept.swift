// SPDX-License-Identifier: Apache-2.0

import Durable

struct TransactionKept: Workflow {
    func run(_ count: Int, in workflow: WorkflowContext) async throws -> Int {
        #if MISTAKE
            var kept: Transaction?
            try await workflow.transaction("reserve") { transaction in
                kept = transaction  // error: in concurrently-executing code
            }
            return try await kept?.execute("DELETE FROM reservation") ?? count
        #else
            return try await workflow.transaction("reserve") { transaction in
                try await transaction.execute("DELETE FROM reservation")
            }
        #endif
    }
}

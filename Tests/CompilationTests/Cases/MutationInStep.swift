// SPDX-License-Identifier: Apache-2.0

import Durable

struct MutationInStep: Workflow {
    func run(_ count: Int, in workflow: WorkflowContext) async throws -> Int {
        #if MISTAKE
            var total = count
            try await workflow.step("charge") { step in
                total += 1  // error: mutation of captured var 'total' in concurrently-executing code
            }
            return total
        #else
            var total = count
            total += try await workflow.step("charge") { step in 1 }
            return total
        #endif
    }
}

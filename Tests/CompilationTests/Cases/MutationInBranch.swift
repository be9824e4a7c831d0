// SPDX-License-Identifier: Apache-2.0

import Durable

struct MutationInBranch: Workflow {
    func run(_ count: Int, in workflow: WorkflowContext) async throws -> Int {
        #if MISTAKE
            var total = count
            _ = try await workflow.parallel(
                { branch in total += try await branch.step("email") { step in 1 } },  // error: mutation of captured
                { branch in total += try await branch.step("label") { step in 1 } }  // error: mutation of captured
            )
            return total
        #else
            let (email, label) = try await workflow.parallel(
                { branch in try await branch.step("email") { step in 1 } },
                { branch in try await branch.step("label") { step in 1 } }
            )
            return count + email + label
        #endif
    }
}

// SPDX-License-Identifier: Apache-2.0

import Durable

struct OuterContextInBranch: Workflow {
    func run(_ count: Int, in workflow: WorkflowContext) async throws -> Int {
        #if MISTAKE
            let (email, label) = try await workflow.parallel(
                { branch in try await workflow.step("email") { step in count } },  // error: capture of 'workflow'
                { branch in try await branch.step("label") { step in count } }
            )
            return email + label
        #else
            let (email, label) = try await workflow.parallel(
                { branch in try await branch.step("email") { step in count } },
                { branch in try await branch.step("label") { step in count } }
            )
            return email + label
        #endif
    }
}

// SPDX-License-Identifier: Apache-2.0

import Durable

struct AsyncLetOnContext: Workflow {
    func run(_ count: Int, in workflow: WorkflowContext) async throws -> Int {
        #if MISTAKE
            async let email = workflow.step("email") { step in count }  // error: sending 'workflow'
            async let label = workflow.step("label") { step in count }  // error: sending 'workflow'
            return try await email + label
        #else
            let (email, label) = try await workflow.parallel(
                { branch in try await branch.step("email") { step in count } },
                { branch in try await branch.step("label") { step in count } }
            )
            return email + label
        #endif
    }
}

// SPDX-License-Identifier: Apache-2.0

import Durable

struct ContextInTask: Workflow {
    func run(_ count: Int, in workflow: WorkflowContext) async throws -> Int {
        #if MISTAKE
            let email = Task {  // error: risks causing data races
                try await workflow.step("email") { step in count }
            }
            return try await email.value
        #else
            return try await workflow.step("email") { step in count }
        #endif
    }
}

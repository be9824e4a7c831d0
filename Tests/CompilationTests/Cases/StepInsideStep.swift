// SPDX-License-Identifier: Apache-2.0

import Durable

struct StepInsideStep: Workflow {
    func run(_ count: Int, in workflow: WorkflowContext) async throws -> Int {
        #if MISTAKE
            return try await workflow.step("outer") { step in
                try await workflow.step("inner") { step in count }  // error: capture of 'workflow'
            }
        #else
            let inner = try await workflow.step("inner") { step in count }
            return try await workflow.step("outer") { step in inner + 1 }
        #endif
    }
}

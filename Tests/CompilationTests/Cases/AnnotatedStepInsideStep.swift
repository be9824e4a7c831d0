// SPDX-License-Identifier: Apache-2.0

import Durable
import DurableMacros

@Workflow
struct AnnotatedStepInsideStep {
    func run(_ count: Int, in workflow: WorkflowContext) async throws -> Int {
        #if MISTAKE
            return try await workflow.step("outer") { step in
                try await self.charge(count, in: workflow)  // error: capture of 'workflow'
            }
        #else
            let charge = try await self.charge(count, in: workflow)
            return try await workflow.step("outer") { step in charge }
        #endif
    }

    @Step
    func charge(_ count: Int, in step: StepContext) async throws -> Int { count }
}

// SPDX-License-Identifier: Apache-2.0

import Durable
import DurableMacros

#if MISTAKE
    @Workflow
    struct RawStepWithoutCapability {
        func run(_ count: Int, in workflow: WorkflowContext) async throws -> Int {
            try await self.charge(count)  // error: missing argument for parameter 'in'
        }

        @Step
        func charge(_ count: Int, in step: StepContext) async throws -> Int { count }
    }
#else
    @Workflow
    struct RawStepWithoutCapability {
        func run(_ count: Int, in workflow: WorkflowContext) async throws -> Int {
            try await self.charge(count, in: workflow)
        }

        @Step
        func charge(_ count: Int, in step: StepContext) async throws -> Int { count }
    }
#endif

// SPDX-License-Identifier: Apache-2.0

import Durable
import DurableMacros

#if MISTAKE
    @Workflow
    struct AnnotatedStepInAsyncLet {
        func run(_ count: Int, in workflow: WorkflowContext) async throws -> Int {
            async let left = self.charge(count, in: workflow)  // error: sending 'workflow'
            async let right = self.charge(count, in: workflow)  // error: sending 'workflow'
            return try await left + right
        }

        @Step
        func charge(_ count: Int, in step: StepContext) async throws -> Int { count }
    }
#else
    @Workflow
    struct AnnotatedStepInAsyncLet {
        func run(_ count: Int, in workflow: WorkflowContext) async throws -> Int {
            let (left, right) = try await workflow.parallel(
                { branch in try await self.charge(count, in: branch) },
                { branch in try await self.charge(count, in: branch) }
            )
            return left + right
        }

        @Step
        func charge(_ count: Int, in step: StepContext) async throws -> Int { count }
    }
#endif

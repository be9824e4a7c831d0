// SPDX-License-Identifier: Apache-2.0

import Durable

actor Clerk {
    var filed = 0

    func file(_ count: Int) -> Int {
        self.filed += count
        return self.filed
    }

    #if MISTAKE
        func file(_ count: Int, in workflow: WorkflowContext) async throws -> Int {
            try await workflow.step("file") { step in count }
        }
    #endif
}

struct ContextToActor: Workflow {
    let clerk: Clerk

    func run(_ count: Int, in workflow: WorkflowContext) async throws -> Int {
        #if MISTAKE
            return try await self.clerk.file(count, in: workflow)  // error: sending 'workflow'
        #else
            return try await workflow.step("file") { step in await self.clerk.file(count) }
        #endif
    }
}

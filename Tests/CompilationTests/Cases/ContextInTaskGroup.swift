// SPDX-License-Identifier: Apache-2.0

import Durable

struct ContextInTaskGroup: Workflow {
    func run(_ count: Int, in workflow: WorkflowContext) async throws -> Int {
        #if MISTAKE
            return try await withThrowingTaskGroup(of: Int.self) { group in
                for number in 0..<count {
                    group.addTask {  // error: risks causing data races
                        try await workflow.step("send") { step in number }
                    }
                }
                return try await group.reduce(0, +)
            }
        #else
            let sent = try await workflow.map(0..<count) { number, branch in
                try await branch.step("send") { step in number }
            }
            return sent.reduce(0, +)
        #endif
    }
}

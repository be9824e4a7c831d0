// SPDX-License-Identifier: Apache-2.0

import Durable

struct OuterContextInMap: Workflow {
    func run(_ count: Int, in workflow: WorkflowContext) async throws -> Int {
        #if MISTAKE
            let sent = try await workflow.map(0..<count) { number, branch in
                try await workflow.step("send") { step in number }  // error: capture of 'workflow'
            }
            return sent.reduce(0, +)
        #else
            let sent = try await workflow.map(0..<count) { number, branch in
                try await branch.step("send") { step in number }
            }
            return sent.reduce(0, +)
        #endif
    }
}

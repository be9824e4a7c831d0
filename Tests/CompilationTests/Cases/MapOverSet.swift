// SPDX-License-Identifier: Apache-2.0

import Durable

struct MapOverSet: Workflow {
    func run(_ names: Set<String>, in workflow: WorkflowContext) async throws -> Int {
        #if MISTAKE
            let sizes = try await workflow.map(names) { name, branch in  // error: conform to 'RandomAccessCollection'
                try await branch.step("size") { step in name.count }
            }
            return sizes.reduce(0, +)
        #else
            let sizes = try await workflow.map(names.sorted()) { name, branch in
                try await branch.step("size") { step in name.count }
            }
            return sizes.reduce(0, +)
        #endif
    }
}

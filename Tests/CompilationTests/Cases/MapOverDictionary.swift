// SPDX-License-Identifier: Apache-2.0

import Durable

struct MapOverDictionary: Workflow {
    func run(_ prices: [String: Int], in workflow: WorkflowContext) async throws -> Int {
        #if MISTAKE
            let paid = try await workflow.map(prices) { price, branch in  // error: conform to 'RandomAccessCollection'
                try await branch.step("pay") { step in price.value }
            }
            return paid.reduce(0, +)
        #else
            let paid = try await workflow.map(prices.sorted { $0.key < $1.key }) { price, branch in
                try await branch.step("pay") { step in price.value }
            }
            return paid.reduce(0, +)
        #endif
    }
}

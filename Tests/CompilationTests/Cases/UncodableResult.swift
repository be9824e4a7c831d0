// SPDX-License-Identifier: Apache-2.0

import Durable

struct Money {
    let cents: Int
}

struct Amount: Codable {
    let cents: Int
}

struct UncodableResult: Workflow {
    func run(_ count: Int, in workflow: WorkflowContext) async throws -> Int {
        #if MISTAKE
            return try await workflow.step("total") { step in Money(cents: count) }.cents  // error: 'Decodable'
        #else
            return try await workflow.step("total") { step in Amount(cents: count) }.cents
        #endif
    }
}

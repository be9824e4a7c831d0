// SPDX-License-Identifier: Apache-2.0

import Durable

struct Onboarding: Workflow {
    static let name = "onboarding"
    static let version = 2
    static let resumes = 1...2
    static let timeout: Duration? = .seconds(30 * 24 * 3600)

    func run(_ customer: String, in workflow: WorkflowContext) async throws -> String {
        if try await workflow.patched("fraud-check") {
            try await workflow.step("check-fraud") { step in true }
        }
        return try await workflow.step("welcome") { step in "hello \(customer)" }
    }
}

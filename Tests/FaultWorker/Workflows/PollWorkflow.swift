// SPDX-License-Identifier: Apache-2.0

import Durable
import Foundation

/// Looks for a file every now and then, and is parked in between.
struct PollWorkflow: Workflow {
    static let name = "poll"

    let effects: EffectLog
    /// The file that it looks for.
    let file: String

    func run(_ order: String, in workflow: WorkflowContext) async throws -> String {
        let (effects, file) = (self.effects, self.file)
        let found = try await workflow.poll("file", every: .constant(.milliseconds(300))) { step in
            effects.begin(step, "look")
            let isThere = FileManager.default.fileExists(atPath: file)
            effects.end(step, "look")
            return isThere
        } until: {
            $0
        }
        try await workflow.step("after") { effects.perform($0, "after") }
        return "\(order) \(found)"
    }
}

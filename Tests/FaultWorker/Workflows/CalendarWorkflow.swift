// SPDX-License-Identifier: Apache-2.0

import Durable
import Foundation

/// Sleeps until nine in the morning.
struct CalendarWorkflow: Workflow {
    static let name = "calendar"

    let effects: EffectLog

    func run(_ order: String, in workflow: WorkflowContext) async throws -> String {
        let effects = self.effects
        try await workflow.step("before") { effects.perform($0, "before") }
        try await workflow.sleep(until: .daily(at: 9, in: .gmt))
        try await workflow.step("after") { effects.perform($0, "after") }
        return order
    }
}

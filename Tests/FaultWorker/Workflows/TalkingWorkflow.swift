// SPDX-License-Identifier: Apache-2.0

import Durable

/// One of every wait for something from outside, between two steps.
struct TalkingWorkflow: Workflow {
    static let name = "talking"

    let effects: EffectLog

    func run(_ order: String, in workflow: WorkflowContext) async throws -> String {
        let effects = self.effects
        try await workflow.step("before") { effects.perform($0, "before") }
        let signal = try await workflow.receive(Int.self, "signal", within: .seconds(600))
        let token = try await workflow.token(Int.self, "token")
        let completed = try await workflow.value(of: token, within: .seconds(600))
        let event = try await workflow.waitForEvent(Event<Int>("event"), key: order, within: .seconds(600))
        try await workflow.step("write") { step in
            for number in 0..<5 { try step.stream("text").append(number) }
        }
        let answer = try await workflow.answer(Update<Int, Int>("double")) { number, _ in number * 2 }
        try await workflow.publish("progress", 100)
        try await workflow.signal("ear", "heard", order)
        try await workflow.step("after") { effects.perform($0, "after") }
        return [signal, completed, event, answer].map { $0.map(String.init) ?? "-" }.joined(separator: ",")
    }
}

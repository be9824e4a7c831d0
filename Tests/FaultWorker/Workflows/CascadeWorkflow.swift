// SPDX-License-Identifier: Apache-2.0

import Durable

/// Has something to undo, a child that follows it and one that does not, and waits for ever.
struct CascadeWorkflow: Workflow {
    static let name = "cascade"

    let effects: EffectLog

    func run(_ order: String, in workflow: WorkflowContext) async throws -> String {
        let effects = self.effects
        try await workflow.step("book") {
            effects.perform($0, "book")
        } undo: {
            effects.perform($0, "undo-book")
        }
        try await workflow.start(CascadeChild.self, 1)
        try await workflow.start(CascadeChild.self, 2, onParentEnd: .abandon)
        return try await workflow.receive(String.self, "never")
    }
}

/// One of its children.
struct CascadeChild: Workflow {
    static let name = "cascade-child"

    let effects: EffectLog

    func run(_ number: Int, in workflow: WorkflowContext) async throws -> String {
        let effects = self.effects
        try await workflow.step("work") {
            effects.perform($0, "work-\(number)")
        } undo: {
            effects.perform($0, "undo-work-\(number)")
        }
        return try await workflow.receive(String.self, "never")
    }
}

// SPDX-License-Identifier: Apache-2.0

import Durable

/// A saga that rolls back, children, a poll, a new beginning, and an end by failure that undoes the rest.
struct LineageWorkflow: Workflow {
    static let name = "lineage"
    static let failures: [any (Error & Codable & Sendable).Type] = [Refused.self]

    struct Refused: Error, Codable {
        var sum: Int
    }

    let effects: EffectLog

    func run(_ round: Int, in workflow: WorkflowContext) async throws -> Int {
        let effects = self.effects
        if round == 0 {
            do {
                try await workflow.saga("trip") { saga in
                    try await saga.step("flight") {
                        effects.perform($0, "flight")
                    } undo: {
                        effects.perform($0, "undo-flight")
                    }
                    try await saga.step("hotel") {
                        effects.perform($0, "hotel")
                    } undo: {
                        effects.perform($0, "undo-hotel")
                    }
                    throw Refused(sum: 0)
                }
            } catch is Refused {
                try await workflow.step("caught") { effects.perform($0, "caught") }
            }
            let results = try await workflow.children(LineageChild.self, [1, 2, 3], maxConcurrent: 2)
            let sum = try results.reduce(0) { try $0 + $1.get() }
            try await workflow.continueAsNew(LineageWorkflow.self, sum)
        }
        try await workflow.step("charge") {
            effects.perform($0, "charge")
        } undo: {
            effects.perform($0, "undo-charge")
        }
        _ = try await workflow.poll("ready", every: .constant(.milliseconds(1))) { step in
            effects.perform(step, "look")
            return true
        } until: {
            $0
        }
        throw Refused(sum: round)
    }
}

/// One of its children.
struct LineageChild: Workflow {
    static let name = "lineage-child"

    let effects: EffectLog

    func run(_ number: Int, in workflow: WorkflowContext) async throws -> Int {
        let effects = self.effects
        return try await workflow.step("work") { step in
            effects.perform(step, "work-\(number)")
            return number
        }
    }
}

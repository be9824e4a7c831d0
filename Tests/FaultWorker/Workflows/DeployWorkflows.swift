// SPDX-License-Identifier: Apache-2.0

import Durable

/// The workflow `deploy` as successive deploys know it.
enum Deploy {
    /// The code of a deploy: `a`, and what came after it.
    static func workflow(_ code: String, _ effects: EffectLog) -> any Workflow {
        switch code {
        case "b": DeployB(effects: effects)
        case "incompatible": DeployIncompatible(effects: effects)
        case "shorter": DeployShorter(effects: effects)
        case "next": DeployNext(effects: effects)
        case "bridge": DeployBridge(effects: effects)
        default: DeployA(effects: effects)
        }
    }

    static let pause = Duration.milliseconds(1_500)
}

/// The first deploy.
struct DeployA: Workflow {
    static let name = "deploy"
    let effects: EffectLog

    func run(_ order: String, in workflow: WorkflowContext) async throws -> String {
        let effects = self.effects
        try await workflow.step("one") { effects.perform($0, "one") }
        try await workflow.sleep(for: Deploy.pause)
        try await workflow.step("two") { effects.perform($0, "two") }
        return "a \(order)"
    }
}

/// A changed binary, the same history: the step after the sleep does something else, and its version is unchanged.
struct DeployB: Workflow {
    static let name = "deploy"
    let effects: EffectLog

    func run(_ order: String, in workflow: WorkflowContext) async throws -> String {
        let effects = self.effects
        try await workflow.step("one") { effects.perform($0, "one") }
        try await workflow.sleep(for: Deploy.pause)
        try await workflow.step("two") { effects.perform($0, "two-b") }
        try await workflow.step("three") { effects.perform($0, "three") }
        return "b \(order)"
    }
}

/// Another first step, under the same version.
struct DeployIncompatible: Workflow {
    static let name = "deploy"
    let effects: EffectLog

    func run(_ order: String, in workflow: WorkflowContext) async throws -> String {
        let effects = self.effects
        try await workflow.step("uno") { effects.perform($0, "uno") }
        try await workflow.sleep(for: Deploy.pause)
        return "incompatible \(order)"
    }
}

/// Ends before what is recorded.
struct DeployShorter: Workflow {
    static let name = "deploy"
    let effects: EffectLog

    func run(_ order: String, in workflow: WorkflowContext) async throws -> String {
        let effects = self.effects
        try await workflow.step("one") { effects.perform($0, "one") }
        return "shorter \(order)"
    }
}

/// A higher version that cannot follow the histories of the version before.
struct DeployNext: Workflow {
    static let name = "deploy"
    static let version = 2
    let effects: EffectLog

    func run(_ order: String, in workflow: WorkflowContext) async throws -> String {
        let effects = self.effects
        try await workflow.step("begin") { effects.perform($0, "begin") }
        return "next \(order)"
    }
}

/// A higher version that can.
struct DeployBridge: Workflow {
    static let name = "deploy"
    static let version = 2
    static let resumes = 1...2
    let effects: EffectLog

    func run(_ order: String, in workflow: WorkflowContext) async throws -> String {
        let effects = self.effects
        try await workflow.step("one") { effects.perform($0, "one") }
        try await workflow.sleep(for: Deploy.pause)
        try await workflow.step("two") { effects.perform($0, "two-bridge") }
        return "bridge \(order)"
    }
}

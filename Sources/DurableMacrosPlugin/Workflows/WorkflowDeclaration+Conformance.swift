// SPDX-License-Identifier: Apache-2.0

import SwiftSyntax
import SwiftSyntaxBuilder

extension WorkflowDeclaration {
    /// The extension that makes the type a workflow; nil when it has nothing to add.
    ///
    /// - Parameter conforms: whether the type does not say itself that it is a workflow.
    func conformance(of type: some TypeSyntaxProtocol, adding conforms: Bool) throws -> ExtensionDeclSyntax? {
        let members = self.declarations + self.runMembers
        guard conforms || !members.isEmpty else { return nil }
        return try ExtensionDeclSyntax(
            "extension \(type)\(raw: conforms ? ": Durable.Workflow" : "") {\n\(raw: members.joined(separator: "\n\n"))\n}"
        )
    }

    /// What the annotation's arguments and the annotated functions declare.
    private var declarations: [String] {
        var members: [String] = []
        if let name = self.arguments.name {
            members.append("\(self.access)static var name: String { \(name.trimmed) }")
        }
        if let version = self.arguments.version {
            members.append("\(self.access)static var version: Int { \(version.trimmed) }")
        }
        if let resumes = self.arguments.resumes {
            members.append("\(self.access)static var resumes: ClosedRange<Int> { \(resumes.trimmed) }")
        }
        if !self.steps.isEmpty {
            let steps = self.steps.map(\.description).joined(separator: ", ")
            members.append("\(self.access)static var declaredSteps: [Durable.StepDescription] { [\(steps)] }")
        }
        return members
    }

    /// What stands between the `run` that is written and the one that the protocol asks for.
    private var runMembers: [String] {
        guard let run = self.run, !run.isDirect else { return [] }
        var members: [String] = []
        if run.inputs.count > 1 {
            members.append(self.inputType(of: run))
        } else if !self.typeNames.contains("Input") {
            members.append("\(self.access)typealias Input = \(self.input(of: run))")
        }
        let output = run.result.map { "\($0)" } ?? "Durable.Nothing"
        if !self.typeNames.contains("Output") { members.append("\(self.access)typealias Output = \(output)") }
        members.append(self.adapter(of: run, output: output))
        return members
    }

    private func input(of run: WorkflowRun) -> String {
        switch run.inputs.count {
        case 0: "Durable.Nothing"
        case 1: "\(run.inputs[0].type)"
        default: "Input"
        }
    }

    /// The object that several inputs are recorded as.
    private func inputType(of run: WorkflowRun) -> String {
        let properties = run.inputs.map { "\(self.access)var \($0.name): \($0.type)" }
        let parameters = run.inputs.map(\.declaration).joined(separator: ", ")
        let assignments = run.inputs.map { "self.\($0.name) = \($0.name)" }
        return """
            /// The inputs of `run`, recorded as one object.
            \(self.access)struct Input: Codable, Sendable {
            \(properties.joined(separator: "\n"))

            /// Takes the inputs of `run`, by the names that they have there.
            \(self.access)init(\(parameters)) {
            \(assignments.joined(separator: "\n"))
            }
            }
            """
    }

    private func adapter(of run: WorkflowRun, output: String) -> String {
        let values = run.inputs.map { parameter in
            let value = run.inputs.count > 1 ? "input.\(parameter.name)" : "input"
            return parameter.label.map { "\($0): \(value)" } ?? value
        }
        let context = run.contextLabel.map { "\($0): workflow" } ?? "workflow"
        let call = "try await self.run(\((values + [context]).joined(separator: ", ")))"
        // The type tells it from this very function, which differs from it in nothing else where it takes one input.
        let body = run.result == nil ? "let _: Void = \(call)\nreturn Durable.Nothing()" : call
        return """
            @concurrent \(self.access)func run(_ input: \(self.input(of: run)), in workflow: Durable.WorkflowContext) \
            async throws -> \(output) {
            \(body)
            }
            """
    }
}

// SPDX-License-Identifier: Apache-2.0

import SwiftSyntax
import SwiftSyntaxBuilder

extension Checkpoint {
    /// The overload that takes the workflow's context.
    var overload: DeclSyntax {
        let function = self.function
        let signature = function.signature
        let parameters = self.parameters.map(\.declaration) + ["in \(self.workflow): Durable.WorkflowContext"]
        let result = signature.returnClause.map { " \($0.trimmed)" } ?? ""
        let constraints = function.genericWhereClause.map { " \($0.trimmed)" } ?? ""
        let generics = function.genericParameterClause.map { "\($0.trimmed)" } ?? ""
        let modifiers = self.modifiers.map { "\($0) " }.joined()
        return """
            \(raw: self.documentation)\(raw: self.attributes)\(raw: modifiers)nonisolated(nonsending) func \
            \(function.name.trimmed)\(raw: generics)(\(raw: parameters.joined(separator: ", "))) async throws\
            \(raw: result)\(raw: constraints) {
                try await \(raw: self.workflow).\(raw: self.kind.method)(\(raw: self.callArguments)) { \
            \(raw: self.capability) in
                    try await \(raw: self.call)
                }
            }
            """
    }

    /// The call of the annotated function.
    private var call: String {
        let capability = self.capabilityLabel.map { "\($0): \(self.capability)" } ?? self.capability
        let arguments = (self.parameters.map(\.argument) + [capability]).joined(separator: ", ")
        return "\(self.receiver)\(self.function.name.text)(\(arguments))"
    }

    private var receiver: String {
        guard case .type = self.owner else { return "" }
        return self.isStatic ? "Self." : "self."
    }

    private var isStatic: Bool {
        self.function.modifiers.contains { ["static", "class"].contains($0.name.text) }
    }

    /// The arguments of the context's method.
    private var callArguments: String {
        ([self.recordedName] + self.arguments.options.map { "\($0.label): \($0.value)" }).joined(separator: ", ")
    }

    /// What the step is called in the journal, as an expression.
    private var recordedName: String {
        if let name = self.arguments.name { return "\(name)" }
        let base = self.baseName
        guard case .type(let type, let isWorkflow) = self.owner else { return "\"\(base)\"" }
        if isWorkflow { return "\"\(base)\"" }
        return "DurableMacros.StepName.of(\"\(base)\", in: Self.self, called: \"\(type)\")"
    }

    /// The function's name without back-ticks.
    private var baseName: String {
        self.function.name.text.filter { $0 != "`" }
    }

    // MARK: - What is carried over

    /// Attributes that mean for the overload what they mean for the function.
    ///
    /// Others belong to the function alone: other macros, a global actor, `@concurrent`.
    private static let carriedAttributes: Set<String> = [
        "available", "discardableResult", "inlinable", "usableFromInline", "inline", "_spi", "_disfavoredOverload",
        "_documentation",
    ]

    private static let carriedModifiers: Set<String> = [
        "public", "package", "internal", "fileprivate", "private", "open", "static", "class", "final", "override",
    ]

    private var attributes: String {
        self.function.attributes.compactMap { $0.as(AttributeSyntax.self) }
            .filter { Self.carriedAttributes.contains($0.baseName) }
            .map { "\($0.trimmed)\n" }
            .joined()
    }

    private var modifiers: [String] {
        self.function.modifiers.map { "\($0.trimmed)" }.filter { Self.carriedModifiers.contains($0) }
    }

    /// The documentation comment, line by line.
    private var documentation: String {
        self.function.leadingTrivia.compactMap { piece in
            switch piece {
            case .docLineComment(let text), .docBlockComment(let text): text + "\n"
            default: nil
            }
        }.joined()
    }
}

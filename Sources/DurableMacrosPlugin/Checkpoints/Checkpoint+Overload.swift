// SPDX-License-Identifier: Apache-2.0

import SwiftSyntax
import SwiftSyntaxBuilder

extension Checkpoint {
    /// The overload that takes the workflow's context.
    var overload: DeclSyntax {
        self.declaration(
            parameters: [],
            body: """
                try await \(self.workflow).\(self.kind.method)(\(self.callArguments.joined(separator: ", "))) { \
                \(self.capability) in
                    try await \(self.call)
                }
                """
        )
    }

    /// The overload that takes what undoes the step besides, should the workflow fail.
    var undoableOverload: DeclSyntax {
        let label = self.undo == "undo" ? "undo" : "undo \(self.undo)"
        // Said in full: what is left out means something else in a module without NonisolatedNonsendingByDefault.
        let type = "nonisolated(nonsending) @escaping @Sendable (\(self.undoParameters)) async throws -> Void"
        var arguments = self.callArguments
        if let retry = self.arguments.undoRetry { arguments.append("undoRetry: \(retry.trimmed)") }
        return self.declaration(
            parameters: ["\(label): \(type)"],
            body: """
                try await \(self.workflow).\(self.kind.method)(\(arguments.joined(separator: ", ")), { \
                \(self.capability) in
                    try await \(self.call)
                }, undo: \(self.undo))
                """
        )
    }

    /// What the undo is given: the result, if there is one, and a capability of its own.
    ///
    /// A step that failed, or whose end nobody knows, has no result; a transaction that has none was rolled back.
    private var undoParameters: String {
        let capability = "Durable.\(self.kind.capability)"
        guard let result = self.function.signature.returnClause?.type.trimmed, !result.isVoid else { return capability }
        guard self.kind == .step else { return "\(result), \(capability)" }
        return result.is(IdentifierTypeSyntax.self) ? "\(result)?, \(capability)" : "(\(result))?, \(capability)"
    }

    /// An overload with more parameters behind the context.
    private func declaration(parameters more: [String], body: String) -> DeclSyntax {
        let function = self.function
        let signature = function.signature
        let parameters = self.parameters.map(\.declaration) + ["in \(self.workflow): Durable.WorkflowContext"] + more
        let result = signature.returnClause.map { " \($0.trimmed)" } ?? ""
        let constraints = function.genericWhereClause.map { " \($0.trimmed)" } ?? ""
        let generics = function.genericParameterClause.map { "\($0.trimmed)" } ?? ""
        let modifiers = self.modifiers.map { "\($0) " }.joined()
        return """
            \(raw: self.documentation)\(raw: self.attributes)\(raw: modifiers)nonisolated(nonsending) func \
            \(function.name.trimmed)\(raw: generics)(\(raw: parameters.joined(separator: ", "))) async throws\
            \(raw: result)\(raw: constraints) {
                \(raw: body.split(separator: "\n").joined(separator: "\n    "))
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
        return self.function.isStatic ? "Self." : "self."
    }

    /// The arguments of the context's method.
    private var callArguments: [String] {
        var arguments = [self.recordedName] + self.arguments.options.map { "\($0.label): \($0.value.trimmed)" }
        if let failure = self.thrownType, !self.arguments.options.contains(where: { $0.label == "failures" }) {
            arguments.append("failures: DurableMacros.ThrownError.recorded(\(failure).self)")
        }
        if !self.parameters.isEmpty, !self.arguments.ignoresInputs {
            let check = self.arguments.inputs.map { "\($0.trimmed)" } ?? ".checked"
            let values = ([check] + self.parameters.map(\.value)).joined(separator: ", ")
            arguments.append("inputs: Durable.StepInputs(\(values))")
        }
        return arguments
    }

    /// The type that the function says it throws, if it says one.
    private var thrownType: TypeSyntax? {
        guard let type = self.function.signature.effectSpecifiers?.throwsClause?.type?.trimmed,
            !type.is(SomeOrAnyTypeSyntax.self), !type.isNamed("Never")
        else { return nil }
        return type
    }

    /// What the step is called in the journal, as an expression.
    private var recordedName: String {
        if let name = self.arguments.name { return "\(name.trimmed)" }
        let base = self.function.baseName
        guard case .type(let type, let isWorkflow) = self.owner else { return "\"\(base)\"" }
        if isWorkflow { return "\"\(base)\"" }
        return "DurableMacros.StepName.of(\"\(base)\", in: Self.self, called: \"\(type)\")"
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

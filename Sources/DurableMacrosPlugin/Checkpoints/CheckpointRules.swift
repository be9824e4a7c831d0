// SPDX-License-Identifier: Apache-2.0

import SwiftDiagnostics
import SwiftSyntax
import SwiftSyntaxMacros

/// What an annotated function must be, and what is said where it is not.
struct CheckpointRules<Context: MacroExpansionContext> {
    let kind: CheckpointKind
    let attribute: AttributeSyntax
    let context: Context

    private var annotation: String { "@\(self.kind.attribute)" }

    /// The annotation is on something else than a function.
    func diagnoseNoFunction(_ declaration: some DeclSyntaxProtocol) {
        self.context.misuse(
            "not-a-function",
            "\(self.annotation) belongs on a function: what is checkpointed is a call",
            at: self.attribute,
            fixIts: [self.removal(from: declaration)]
        )
    }

    /// Reports everything that keeps the overload from being written.
    ///
    /// - Returns: Whether there is nothing.
    func check(_ function: FunctionDeclSyntax, _ arguments: CheckpointArguments, owner: CheckpointOwner) -> Bool {
        // Each looks, whatever the others have found: one build shows everything.
        let findings = [
            self.checkPlace(function, owner),
            self.checkOtherAnnotations(function),
            self.checkCapability(function),
            self.checkEffects(function),
            self.checkParameters(function, arguments),
            self.checkResult(function),
            self.checkModifiers(function),
            self.checkIsolation(function),
            self.checkName(arguments, function),
        ]
        return !findings.contains(false)
    }

    /// Takes the annotation away.
    private func removal(from declaration: some DeclSyntaxProtocol) -> FixIt? {
        guard let attributes = declaration.asProtocol((any WithAttributesSyntax).self)?.attributes else { return nil }
        let rest = attributes.filter { $0.as(AttributeSyntax.self).map(self.isThisAttribute) != true }
        return .replace("remove-annotation", "remove \(self.annotation)", attributes, by: rest)
    }

    /// Whether an attribute of the declaration is the one that is expanded: the compiler hands it over as a copy.
    private func isThisAttribute(_ other: AttributeSyntax) -> Bool {
        guard let mine = self.context.location(of: self.attribute), let its = self.context.location(of: other) else {
            return other.id == self.attribute.id
        }
        return "\(mine.line):\(mine.column)" == "\(its.line):\(its.column)"
    }

    // MARK: - Place

    private func checkPlace(_ function: FunctionDeclSyntax, _ owner: CheckpointOwner) -> Bool {
        if case .local = owner {
            self.context.misuse(
                "local-function",
                """
                \(self.annotation) on a local function: no overload can be added beside it. Move the function out, or call \
                `workflow.\(self.kind.method)("\(function.baseName)") { … }` here
                """,
                at: self.attribute
            )
            return false
        }
        guard function.body != nil else {
            self.context.misuse(
                "no-body",
                "\(self.annotation) on a requirement without a body: annotate the function that does the work",
                at: self.attribute,
                fixIts: [self.removal(from: function)]
            )
            return false
        }
        return true
    }

    private func checkOtherAnnotations(_ function: FunctionDeclSyntax) -> Bool {
        let annotations = function.attributes.compactMap { $0.as(AttributeSyntax.self) }
            .filter { ["Step", "Transaction"].contains($0.baseName) }
        guard annotations.count > 1 else { return true }
        // Each of them comes here: only the first of them writes, and only the others are reported.
        guard let first = annotations.first, !self.isThisAttribute(first) else { return true }
        self.context.misuse(
            "several-annotations",
            "a function is one step: it has \(annotations.count) annotations that make it one",
            at: self.attribute,
            fixIts: [self.removal(from: function)]
        )
        return false
    }

    // MARK: - Capability

    private func checkCapability(_ function: FunctionDeclSyntax) -> Bool {
        let clause = function.signature.parameterClause
        let parameters = Array(clause.parameters)
        let found = parameters.filter { $0.type.isNamed(self.kind.capability) }
        if let last = found.last {
            if let second = found.dropLast().first {
                self.context.misuse(
                    "second-capability",
                    "\(self.annotation) takes one `\(self.kind.capability)`, as the last parameter",
                    at: second
                )
                return false
            }
            guard last.id != parameters.last?.id else { return true }
            self.context.misuse(
                "misplaced-capability",
                "the `\(self.kind.capability)` is the last parameter of a function with \(self.annotation)",
                at: last,
                fixIts: [
                    .replace("move-capability", "move it to the end", clause, by: clause.movingToEnd(last))
                ]
            )
            return false
        }
        return self.missingCapability(clause, parameters)
    }

    private func missingCapability(
        _ clause: FunctionParameterClauseSyntax,
        _ parameters: [FunctionParameterSyntax]
    ) -> Bool {
        let capability = self.kind.capability
        if let last = parameters.last, last.type.isNamed(self.kind.other.capability) {
            let other = self.kind.other.attribute
            self.context.misuse(
                "other-capability",
                "\(self.annotation) takes a `\(capability)`; a function that takes a `\(self.kind.other.capability)` is a @\(other)",
                at: last.type,
                fixIts: [
                    .replace(
                        "change-annotation",
                        "use @\(other)",
                        self.attribute.attributeName,
                        by: self.attribute.attributeName.renamed(other)
                    ),
                    .replace(
                        "change-capability",
                        "take a `\(capability)`",
                        last.type,
                        by: last.type.renamed(capability)
                    ),
                ]
            )
            return false
        }
        if let context = parameters.first(where: { $0.type.isNamed("WorkflowContext") }) {
            self.context.misuse(
                "workflow-context",
                """
                a function with \(self.annotation) takes a `\(capability)`, not the `WorkflowContext`: nothing durable can be \
                done within a step, and \(self.annotation) writes the overload that takes the context
                """,
                at: context.type,
                fixIts: [
                    .replace(
                        "change-capability",
                        "take a `\(capability)`",
                        context.type,
                        by: context.type.renamed(capability)
                    )
                ]
            )
            return false
        }
        let parameter = FunctionParameterSyntax(
            firstName: .keyword(.in, trailingTrivia: .space),
            secondName: .identifier(self.kind.parameter),
            colon: .colonToken(trailingTrivia: .space),
            type: IdentifierTypeSyntax(name: .identifier(capability))
        )
        self.context.misuse(
            "missing-capability",
            """
            a function with \(self.annotation) takes a `\(capability)` as its last parameter: only the engine makes one, so \
            that the function cannot run unrecorded
            """,
            at: clause,
            fixIts: [
                .replace(
                    "add-capability",
                    "add `in \(self.kind.parameter): \(capability)`",
                    clause,
                    by: clause.appending(parameter)
                )
            ]
        )
        return false
    }

    // MARK: - Signature

    private func checkEffects(_ function: FunctionDeclSyntax) -> Bool {
        let effects = function.signature.effectSpecifiers
        let throwing = effects?.throwsClause
        if throwing?.throwsSpecifier.tokenKind == .keyword(.rethrows) {
            self.context.misuse(
                "rethrows",
                "a function with \(self.annotation) is `async throws`; it cannot rethrow",
                at: function.signature
            )
            return false
        }
        guard effects?.asyncSpecifier == nil || throwing == nil else { return true }
        let signature = function.signature
        let missing =
            effects?.asyncSpecifier == nil ? (throwing == nil ? "`async throws`" : "`async`") : "`throws`"
        self.context.misuse(
            "not-async-throws",
            "a function with \(self.annotation) is `async throws`: its checkpoint is waited for, and can fail",
            at: function.name,
            fixIts: [.replace("add-effects", "add \(missing)", signature, by: signature.asyncThrowing)]
        )
        return false
    }

    private func checkParameters(_ function: FunctionDeclSyntax, _ arguments: CheckpointArguments) -> Bool {
        var isFine = true
        for parameter in function.signature.parameterClause.parameters
        where !parameter.type.isNamed(self.kind.capability) {
            guard let problem = InputProblem(parameter, isEncoded: !arguments.ignoresInputs, isRecorded: false) else {
                continue
            }
            self.context.misuse(problem.id, problem.words, at: parameter, fixIts: [problem.fixIt])
            isFine = false
        }
        return isFine
    }

    private func checkResult(_ function: FunctionDeclSyntax) -> Bool {
        guard let result = function.signature.returnClause?.type, let problem = ResultProblem(result) else {
            return true
        }
        self.context.misuse(problem.id, problem.words, at: result)
        return false
    }
}

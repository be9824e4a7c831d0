// SPDX-License-Identifier: Apache-2.0

import SwiftDiagnostics
import SwiftSyntax
import SwiftSyntaxMacros

/// What a type with `@Workflow` must be, and what is said where it is not.
struct WorkflowRules<Context: MacroExpansionContext> {
    let attribute: AttributeSyntax
    let context: Context

    /// The result of looking for `run`: it may stand in an extension, which an annotation cannot see.
    struct Search {
        let found: WorkflowRun?
    }

    // MARK: - The type

    func checkType(_ declaration: some DeclGroupSyntax) -> Bool {
        if let type = declaration.as(ClassDeclSyntax.self) {
            var fixed = type
            fixed.classKeyword = .keyword(
                .struct,
                leadingTrivia: type.classKeyword.leadingTrivia,
                trailingTrivia: type.classKeyword.trailingTrivia
            )
            fixed.modifiers = type.modifiers.removing(.final).removing(.open)
            return self.refuse("class", at: type.classKeyword, replacing: DeclSyntax(type), by: DeclSyntax(fixed))
        }
        if let type = declaration.as(ActorDeclSyntax.self) {
            var fixed = type
            fixed.actorKeyword = .keyword(
                .struct,
                leadingTrivia: type.actorKeyword.leadingTrivia,
                trailingTrivia: type.actorKeyword.trailingTrivia
            )
            return self.refuse("actor", at: type.actorKeyword, replacing: DeclSyntax(type), by: DeclSyntax(fixed))
        }
        guard declaration.is(StructDeclSyntax.self) || declaration.is(EnumDeclSyntax.self) else {
            self.context.misuse(
                "not-a-type",
                "@Workflow belongs on the declaration of a struct or an enum",
                at: self.attribute
            )
            return false
        }
        guard let actor = declaration.attributes.globalActor else { return true }
        self.context.misuse(
            "isolated-workflow",
            """
            a workflow's type cannot be isolated to \(actor.trimmed): its runs go on side by side. Isolate what needs it \
            instead, such as a step
            """,
            at: actor
        )
        return false
    }

    private func refuse(_ kind: String, at keyword: TokenSyntax, replacing old: DeclSyntax, by new: DeclSyntax) -> Bool
    {
        self.context.misuse(
            "reference-type",
            """
            @Workflow on \(kind == "actor" ? "an actor" : "a class"): what such a value holds is lost when its process dies, and all runs would \
            share it. Make it a struct, whose stored properties are the workflow's dependencies
            """,
            at: keyword,
            fixIts: [.replace("make-struct", "make it a struct", old, by: new)]
        )
        return false
    }

    func checkArguments(_ arguments: WorkflowArguments, of declaration: some DeclGroupSyntax) -> Bool {
        var isFine = true
        let base = declaration.asProtocol((any NamedDeclSyntax).self)?.name.text ?? "workflow"
        if let problem = RecordedName.problem(of: arguments.name, default: base) {
            self.context.misuse("name", problem, at: Syntax(arguments.name) ?? Syntax(self.attribute))
            isFine = false
        }
        let version = Self.number(arguments.version) ?? (arguments.version == nil ? 1 : nil)
        if let version, version < 1 {
            self.context.misuse(
                "version",
                "the version is \(version); it is a small number from 1 on, which a person raises",
                at: Syntax(arguments.version) ?? Syntax(self.attribute)
            )
            isFine = false
        }
        if let version, let resumes = arguments.resumes, let range = Self.range(resumes), !range.contains(version) {
            self.context.misuse(
                "resumes",
                "the type is of version \(version) and resumes \(resumes.trimmed), which must contain it",
                at: resumes
            )
            isFine = false
        }
        return isFine
    }

    private static func number(_ expression: ExprSyntax?) -> Int? {
        expression?.as(IntegerLiteralExprSyntax.self)?.representedLiteralValue
            ?? expression?.as(PrefixOperatorExprSyntax.self).flatMap { prefix in
                prefix.operator.text == "-" ? self.number(prefix.expression).map { -$0 } : nil
            }
    }

    private static func range(_ expression: ExprSyntax) -> ClosedRange<Int>? {
        var parts = expression.as(SequenceExprSyntax.self).map { Array($0.elements) } ?? []
        if let infix = expression.as(InfixOperatorExprSyntax.self) {
            parts = [infix.leftOperand, infix.operator, infix.rightOperand]
        }
        guard parts.count == 3, parts[1].as(BinaryOperatorExprSyntax.self)?.operator.text == "...",
            let first = self.number(parts[0]), let last = self.number(parts[2]), first <= last
        else { return nil }
        return first...last
    }

    // MARK: - Steps

    /// Two steps of one name would be one to the history: swapped calls of them would go unseen.
    func checkNames(of steps: [WorkflowStep]) -> Bool {
        var seen: Set<String> = []
        var isFine = true
        for step in steps {
            guard let name = step.name, !seen.insert(name).inserted else { continue }
            var number = 2
            while seen.contains("\(name)\(number)") || steps.contains(where: { $0.name == "\(name)\(number)" }) {
                number += 1
            }
            let other = "\(name)\(number)"
            self.context.misuse(
                "same-name",
                "two steps of this workflow are recorded as \"\(name)\": the history could not tell them apart",
                at: step.pinned.map { Syntax($0) } ?? Syntax(step.function.name),
                fixIts: [
                    .replace(
                        "pin-name",
                        "record this one as \"\(other)\"",
                        step.attribute,
                        by: step.attribute(naming: other)
                    )
                ]
            )
            isFine = false
        }
        return isFine
    }

    // MARK: - Run

    /// The `run` of the type.
    ///
    /// - Returns: nil when it was refused.
    func run(in declaration: some DeclGroupSyntax, typeNames: Set<String>) -> Search? {
        let functions = declaration.memberBlock.members.compactMap { $0.decl.as(FunctionDeclSyntax.self) }
            .filter { $0.baseName == "run" && !$0.isStatic }
        let withContext = functions.filter { function in
            function.signature.parameterClause.parameters.contains { $0.type.isNamed("WorkflowContext") }
        }
        if let second = withContext.dropFirst().first {
            self.context.misuse(
                "several-runs",
                "a workflow has one `run` that takes the `WorkflowContext`; name the others by what they do",
                at: second.name
            )
            return nil
        }
        guard let function = withContext.first else {
            guard let candidate = functions.first, functions.count == 1 else { return Search(found: nil) }
            self.missingContext(candidate)
            return nil
        }
        let findings = [
            self.checkContext(of: function), self.checkEffects(of: function), self.checkParameters(of: function),
            self.checkRest(of: function), self.checkInputName(of: function, typeNames),
        ]
        return findings.contains(false) ? nil : Search(found: WorkflowRun(function))
    }

    private func missingContext(_ function: FunctionDeclSyntax) {
        let clause = function.signature.parameterClause
        let parameter = FunctionParameterSyntax(
            firstName: .keyword(.in, trailingTrivia: .space),
            secondName: .identifier("workflow"),
            colon: .colonToken(trailingTrivia: .space),
            type: IdentifierTypeSyntax(name: .identifier("WorkflowContext"))
        )
        self.context.misuse(
            "missing-context",
            "`run` takes the `WorkflowContext` as its last parameter: without it nothing is durable",
            at: clause,
            fixIts: [
                .replace("add-context", "add `in workflow: WorkflowContext`", clause, by: clause.appending(parameter))
            ]
        )
    }

    private func checkContext(of function: FunctionDeclSyntax) -> Bool {
        let clause = function.signature.parameterClause
        let contexts = Array(clause.parameters).filter { $0.type.isNamed("WorkflowContext") }
        guard let context = contexts.first else { return true }
        guard contexts.count == 1 else {
            self.context.misuse("second-context", "`run` takes one `WorkflowContext`", at: clause)
            return false
        }
        guard context.id != clause.parameters.last?.id else { return true }
        self.context.misuse(
            "misplaced-context",
            "the `WorkflowContext` is the last parameter of `run`",
            at: context,
            fixIts: [.replace("move-context", "move it to the end", clause, by: clause.movingToEnd(context))]
        )
        return false
    }

    private func checkEffects(of function: FunctionDeclSyntax) -> Bool {
        let signature = function.signature
        let effects = signature.effectSpecifiers
        guard effects?.asyncSpecifier == nil || effects?.throwsClause == nil else { return true }
        self.context.misuse(
            "not-async-throws",
            "`run` is `async throws`: its calls are waited for, and a run that is over ends by an error",
            at: function.name,
            fixIts: [.replace("add-effects", "make it `async throws`", signature, by: signature.asyncThrowing)]
        )
        return false
    }

    private func checkParameters(of function: FunctionDeclSyntax) -> Bool {
        var isFine = true
        for parameter in function.signature.parameterClause.parameters {
            guard !parameter.type.isNamed("WorkflowContext"),
                let problem = InputProblem(parameter, isEncoded: true, isRecorded: true)
            else { continue }
            self.context.misuse(problem.id, problem.words, at: parameter, fixIts: [problem.fixIt])
            isFine = false
        }
        return isFine
    }

    private func checkRest(of function: FunctionDeclSyntax) -> Bool {
        if let modifier = function.modifiers.first(where: { $0.name.tokenKind == .keyword(.mutating) }) {
            self.context.misuse(
                "mutating",
                "`run` cannot mutate its value: what it keeps for later is what its steps return",
                at: modifier,
                fixIts: [
                    .replace(
                        "remove-mutating",
                        "remove `mutating`",
                        function.modifiers,
                        by: function.modifiers.removing(.mutating)
                    )
                ]
            )
            return false
        }
        if let generics = function.genericParameterClause {
            self.context.misuse(
                "generic-run",
                "`run` cannot be generic: what it was started with must be read back. Make the type generic, or its input",
                at: generics
            )
            return false
        }
        guard let result = function.signature.returnClause?.type else { return true }
        return ResultProblem(result).map { problem in
            self.context.misuse(problem.id, problem.words, at: result)
            return false
        } ?? true
    }

    /// Several inputs are recorded as one object, of a type that the annotation declares.
    private func checkInputName(of function: FunctionDeclSyntax, _ typeNames: Set<String>) -> Bool {
        guard typeNames.contains("Input"), WorkflowRun(function).inputs.count > 1 else { return true }
        self.context.misuse(
            "input-name",
            """
            `run` takes several inputs, which are recorded as one object of the type `Input`, and this type has an `Input` \
            already: rename it, or let `run` take it alone
            """,
            at: function.signature.parameterClause
        )
        return false
    }
}

// SPDX-License-Identifier: Apache-2.0

import SwiftDiagnostics
import SwiftSyntax
import SwiftSyntaxMacros

/// Modifiers, isolation and name of an annotated function.
extension CheckpointRules {
    func checkModifiers(_ function: FunctionDeclSyntax) -> Bool {
        guard let modifier = function.modifiers.first(where: { $0.name.tokenKind == .keyword(.mutating) }) else {
            return true
        }
        self.context.misuse(
            "mutating",
            "a step cannot mutate its value: the change would be lost when the step is replayed. Return the new value instead",
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

    func checkIsolation(_ function: FunctionDeclSyntax) -> Bool {
        guard self.kind == .transaction, !function.modifiers.contains(.nonisolated) else { return true }
        let words = "a transaction belongs to one task, and does not cross into an actor"
        if let actor = function.attributes.globalActor {
            self.context.misuse(
                "isolated-transaction",
                "@Transaction on a function of \(actor.trimmed): \(words). Take the attribute away",
                at: actor
            )
            return false
        }
        guard let type = self.context.lexicalContext.first?.asProtocol((any DeclGroupSyntax).self) else { return true }
        let isIsolated = type.is(ActorDeclSyntax.self) ? !function.isStatic : type.attributes.globalActor != nil
        guard isIsolated else { return true }
        let modifier = DeclModifierSyntax(name: .keyword(.nonisolated, trailingTrivia: .space))
        var fixed = function
        fixed.modifiers.append(modifier)
        if function.modifiers.isEmpty {
            fixed.modifiers.leadingTrivia = function.funcKeyword.leadingTrivia
            fixed.funcKeyword.leadingTrivia = []
        }
        self.context.misuse(
            "isolated-transaction",
            "@Transaction on a function that is isolated to an actor: \(words). Make the function `nonisolated`",
            at: function.name,
            fixIts: [.replace("add-nonisolated", "add `nonisolated`", function, by: fixed)]
        )
        return false
    }

    func checkName(_ arguments: CheckpointArguments, _ function: FunctionDeclSyntax) -> Bool {
        guard let problem = RecordedName.problem(of: arguments.name, default: function.baseName) else { return true }
        self.context.misuse("name", problem, at: Syntax(arguments.name) ?? Syntax(function.name))
        return false
    }
}

// SPDX-License-Identifier: Apache-2.0

import SwiftSyntax
import SwiftSyntaxMacros

/// A type with `@Workflow`, parsed: everything that its conformance is written from.
struct WorkflowDeclaration {
    let arguments: WorkflowArguments
    /// The access of the type, as its members must have it.
    let access: String
    /// `run`, where it stands in the type itself.
    let run: WorkflowRun?
    /// The steps of the type, in their order.
    let steps: [WorkflowStep]
    /// The names of the types that the type declares, and of its generic parameters.
    let typeNames: Set<String>

    /// Parses a type; what is wrong with it is diagnosed.
    ///
    /// - Returns: nil when the conformance cannot be written.
    init?(
        _ attribute: AttributeSyntax,
        on declaration: some DeclGroupSyntax,
        in context: some MacroExpansionContext
    ) {
        let rules = WorkflowRules(attribute: attribute, context: context)
        self.arguments = WorkflowArguments(attribute)
        self.steps = WorkflowStep.all(in: declaration)
        self.typeNames = Self.typeNames(in: declaration)
        // Each looks, whatever the others have found: one build shows everything.
        let isFine = [
            rules.checkType(declaration),
            rules.checkArguments(self.arguments, of: declaration),
            rules.checkNames(of: self.steps),
        ]
        guard let run = rules.run(in: declaration, typeNames: self.typeNames), !isFine.contains(false) else {
            return nil
        }
        self.run = run.found
        let access = declaration.modifiers.map(\.name.text).first { ["public", "package"].contains($0) }
        self.access = access.map { "\($0) " } ?? ""
    }

    private static func typeNames(in declaration: some DeclGroupSyntax) -> Set<String> {
        var names: Set<String> = []
        for member in declaration.memberBlock.members {
            if member.decl.isProtocol((any DeclGroupSyntax).self) || member.decl.is(TypeAliasDeclSyntax.self),
                let named = member.decl.asProtocol((any NamedDeclSyntax).self)
            {
                names.insert(named.name.text)
            }
        }
        let generics = declaration.asProtocol((any WithGenericParametersSyntax).self)?.genericParameterClause
        for parameter in generics?.parameters ?? [] { names.insert(parameter.name.text) }
        return names
    }
}

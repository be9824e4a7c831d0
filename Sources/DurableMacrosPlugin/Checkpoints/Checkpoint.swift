// SPDX-License-Identifier: Apache-2.0

import SwiftSyntax
import SwiftSyntaxMacros

/// An annotated function, parsed: everything that its overload is written from.
struct Checkpoint {
    let kind: CheckpointKind
    let function: FunctionDeclSyntax
    let arguments: CheckpointArguments
    /// The inputs: every parameter but the capability.
    let parameters: [CheckpointParameter]
    /// The label under which the function takes its capability; nil for none.
    let capabilityLabel: String?
    let owner: CheckpointOwner
    /// What the overload calls its context.
    let workflow: String
    /// What the overload calls the capability.
    let capability: String
    /// What the overload calls what undoes the step.
    let undo: String

    /// Parses a function; what is wrong with it is diagnosed.
    ///
    /// - Returns: nil when the overload cannot be written.
    init?(
        _ kind: CheckpointKind,
        _ attribute: AttributeSyntax,
        on declaration: some DeclSyntaxProtocol,
        in context: some MacroExpansionContext
    ) {
        let rules = CheckpointRules(kind: kind, attribute: attribute, context: context)
        guard let function = declaration.as(FunctionDeclSyntax.self) else {
            rules.diagnoseNoFunction(declaration)
            return nil
        }
        self.kind = kind
        self.function = function
        self.owner = CheckpointOwner(of: function, in: context)
        self.arguments = CheckpointArguments(attribute)
        guard rules.check(function, self.arguments, owner: self.owner) else { return nil }
        let all = Array(function.signature.parameterClause.parameters)
        guard let last = all.last else { return nil }
        self.parameters = all.dropLast().enumerated().map { CheckpointParameter($1, number: $0 + 1) }
        self.capabilityLabel = last.firstName.tokenKind == .wildcard ? nil : last.firstName.text
        self.workflow = Self.free("workflow", among: self.parameters)
        self.capability = Self.free(kind.parameter, among: self.parameters)
        self.undo = Self.free("undo", among: self.parameters)
    }

    /// A name that no parameter has.
    ///
    /// Those that the compiler makes up begin with `$`, which a closure's parameter takes for a property wrapper's.
    private static func free(_ name: String, among parameters: [CheckpointParameter]) -> String {
        var name = name
        while parameters.contains(where: { $0.name == name }) { name += "_" }
        return name
    }
}

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

    /// Parses a function; what is wrong with it is diagnosed.
    ///
    /// - Returns: nil when the overload cannot be written.
    init?(
        _ kind: CheckpointKind,
        _ attribute: AttributeSyntax,
        on declaration: some DeclSyntaxProtocol,
        in context: some MacroExpansionContext
    ) {
        guard let function = declaration.as(FunctionDeclSyntax.self) else { return nil }
        self.kind = kind
        self.function = function
        self.owner = CheckpointOwner(of: function, in: context)
        self.arguments = CheckpointArguments(attribute)
        let all = Array(function.signature.parameterClause.parameters)
        guard let last = all.last else { return nil }
        self.parameters = all.dropLast().enumerated().map { CheckpointParameter($1, number: $0 + 1) }
        self.capabilityLabel = last.firstName.tokenKind == .wildcard ? nil : last.firstName.text
        let taken = Set(self.parameters.map(\.name))
        self.workflow = taken.contains("workflow") ? context.makeUniqueName("workflow").text : "workflow"
        self.capability =
            taken.contains(kind.parameter) ? context.makeUniqueName(kind.parameter).text : kind.parameter
    }
}

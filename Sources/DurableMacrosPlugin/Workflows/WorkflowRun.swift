// SPDX-License-Identifier: Apache-2.0

import SwiftSyntax

/// The `run` of a workflow, as it is written: with any number of inputs, with a result or without.
struct WorkflowRun {
    /// The inputs: every parameter but the context.
    let inputs: [CheckpointParameter]
    /// The label under which it takes the context; nil for none.
    let contextLabel: String?
    /// What it returns; nil for nothing.
    let result: TypeSyntax?

    init(_ function: FunctionDeclSyntax) {
        let parameters = Array(function.signature.parameterClause.parameters)
        self.inputs = parameters.dropLast().enumerated().map { CheckpointParameter($1, number: $0 + 1) }
        self.contextLabel = parameters.last.flatMap { $0.firstName.tokenKind == .wildcard ? nil : $0.firstName.text }
        let result = function.signature.returnClause?.type.trimmed
        self.result = result.flatMap { $0.isVoid ? nil : $0 }
    }

    /// Whether it is what the protocol asks for, as it stands.
    var isDirect: Bool {
        self.inputs.count == 1 && self.inputs[0].label == nil && self.contextLabel == "in" && self.result != nil
    }
}

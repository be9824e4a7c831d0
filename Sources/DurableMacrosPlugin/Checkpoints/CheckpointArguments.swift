// SPDX-License-Identifier: Apache-2.0

import SwiftSyntax

/// The arguments of `@Step` or `@Transaction`, as they stand in the source: diagnostics point at them.
struct CheckpointArguments {
    /// The name that was pinned.
    var name: ExprSyntax?
    /// What happens with inputs that differ.
    var inputs: ExprSyntax?
    /// When a failed attempt to undo it is followed by another.
    var undoRetry: ExprSyntax?
    /// What is passed on to the context's method as it stands: retry, timeout, isolation, failures.
    var options: [(label: String, value: ExprSyntax)] = []

    /// Whether no fingerprint is taken of the inputs.
    var ignoresInputs: Bool {
        self.inputs?.as(MemberAccessExprSyntax.self)?.declName.baseName.text == "ignored"
    }

    init(_ attribute: AttributeSyntax) {
        guard case .argumentList(let list) = attribute.arguments else { return }
        for argument in list {
            switch argument.label?.text {
            case nil: self.name = argument.expression
            case "undoRetry": self.undoRetry = argument.expression
            case "inputs": self.inputs = argument.expression
            case let label?: self.options.append((label, argument.expression))
            }
        }
    }
}

// SPDX-License-Identifier: Apache-2.0

import SwiftSyntax

/// The arguments of `@Workflow`, as they stand in the source: diagnostics point at them.
struct WorkflowArguments {
    var name: ExprSyntax?
    var version: ExprSyntax?
    var resumes: ExprSyntax?
    var isStrict = false

    init(_ attribute: AttributeSyntax) {
        guard case .argumentList(let list) = attribute.arguments else { return }
        for argument in list {
            let value = argument.expression
            switch argument.label?.text {
            case nil: self.name = value
            case "version": self.version = value
            case "resumes": self.resumes = value
            case "strict": self.isStrict = value.as(BooleanLiteralExprSyntax.self)?.literal.tokenKind == .keyword(.true)
            default: break
            }
        }
    }
}

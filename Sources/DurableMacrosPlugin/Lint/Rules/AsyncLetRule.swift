// SPDX-License-Identifier: Apache-2.0

import SwiftSyntax

/// `async let`.
enum AsyncLetRule: LintRule {
    static func finding(at node: Syntax, in scope: LintScope) -> LintFinding? {
        guard let variable = node.as(VariableDeclSyntax.self),
            variable.modifiers.contains(where: { $0.name.tokenKind == .keyword(.async) })
        else { return nil }
        return LintFinding(
            node: node,
            rule: "async-let",
            message: "'async let' is not recorded: run branches side by side with '\(scope.context).parallel'"
        )
    }
}

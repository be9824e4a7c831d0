// SPDX-License-Identifier: Apache-2.0

import SwiftSyntax

/// `try?` around a durable call.
enum OptionalTryRule: LintRule {
    static func finding(at node: Syntax, in scope: LintScope) -> LintFinding? {
        guard let attempt = node.as(TryExprSyntax.self),
            attempt.questionOrExclamationMark?.tokenKind == .postfixQuestionMark,
            attempt.expression.hasAwait, scope.isUsed(in: attempt.expression)
        else { return nil }
        return LintFinding(
            node: node,
            rule: "try",
            message:
                "'try?' swallows 'WorkflowInterruption', which says that this run is over: use 'do' and 'catch', and "
                + "let it pass",
            coversInside: false
        )
    }
}

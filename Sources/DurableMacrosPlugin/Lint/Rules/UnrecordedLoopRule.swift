// SPDX-License-Identifier: Apache-2.0

import SwiftSyntax

/// `for await` over something that does not come from the context.
enum UnrecordedLoopRule: LintRule {
    static func finding(at node: Syntax, in scope: LintScope) -> LintFinding? {
        guard let loop = node.as(ForStmtSyntax.self), loop.awaitKeyword != nil, !scope.isUsed(in: loop.sequence) else {
            return nil
        }
        return LintFinding(
            node: node,
            rule: "unrecorded-loop",
            message: "what this loop reads is not recorded: read it in a step, or take what '\(scope.context)' receives"
        )
    }
}

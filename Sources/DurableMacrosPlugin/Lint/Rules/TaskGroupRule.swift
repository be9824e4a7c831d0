// SPDX-License-Identifier: Apache-2.0

import SwiftSyntax

/// A task group.
enum TaskGroupRule: LintRule {
    private static let functions: Set = [
        "withDiscardingTaskGroup", "withTaskGroup", "withThrowingDiscardingTaskGroup", "withThrowingTaskGroup",
    ]

    static func finding(at node: Syntax, in scope: LintScope) -> LintFinding? {
        guard let call = node.as(AwaitExprSyntax.self)?.expression.as(FunctionCallExprSyntax.self),
            let path = call.calledExpression.lintPath, path.count == 1, self.functions.contains(path[0])
        else { return nil }
        return LintFinding(
            node: node,
            rule: "task-group",
            message:
                "a task group is not recorded: run branches side by side with '\(scope.context).map' or 'parallel', "
                + "or the whole group in a step"
        )
    }
}

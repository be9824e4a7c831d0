// SPDX-License-Identifier: Apache-2.0

import SwiftSyntax

/// `Task { }`, `Task.detached { }`, and work that is given to a queue or a thread.
enum UnstructuredTaskRule: LintRule {
    private static let names: Set<[String]> = [
        ["Task"], ["Task", "detached"], ["Task", "immediate"], ["Task", "immediateDetached"], ["Task", "init"],
        ["Thread", "detachNewThread"], ["Thread"],
    ]

    static func finding(at node: Syntax, in scope: LintScope) -> LintFinding? {
        guard let call = node.as(FunctionCallExprSyntax.self), call.hasClosure else { return nil }
        let name: String
        if let path = call.calledExpression.lintPath, self.names.contains(path) {
            name = path.joined(separator: ".")
        } else if let queue = self.queue(of: call.calledExpression) {
            name = queue
        } else {
            return nil
        }
        return LintFinding(
            node: node,
            rule: "unstructured-task",
            message:
                "'\(name)' starts work that is not recorded, again in each process: do it in a step, or side by side "
                + "with '\(scope.context).parallel'"
        )
    }

    /// `DispatchQueue.main.async`, `DispatchQueue.global().asyncAfter`.
    private static func queue(of called: ExprSyntax) -> String? {
        guard let access = called.as(MemberAccessExprSyntax.self), let base = access.base,
            ["async", "asyncAfter"].contains(access.declName.baseName.text)
        else { return nil }
        let path = base.lintPath ?? base.as(FunctionCallExprSyntax.self)?.calledExpression.lintPath
        guard path?.first == "DispatchQueue" else { return nil }
        return "DispatchQueue"
    }
}

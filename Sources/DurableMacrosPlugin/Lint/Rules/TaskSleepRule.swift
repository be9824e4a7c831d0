// SPDX-License-Identifier: Apache-2.0

import SwiftSyntax
import SwiftSyntaxBuilder

/// `Task.sleep`, and the `sleep` of a clock.
enum TaskSleepRule: LintRule {
    static func finding(at node: Syntax, in scope: LintScope) -> LintFinding? {
        guard let wait = node.as(AwaitExprSyntax.self), let call = wait.expression.as(FunctionCallExprSyntax.self),
            let access = call.calledExpression.as(MemberAccessExprSyntax.self),
            access.declName.baseName.text == "sleep", let base = access.base, self.isClock(base)
        else { return nil }
        return LintFinding(
            node: node,
            rule: "sleep",
            message: "this sleep is forgotten when the process ends: use '\(scope.context).sleep(for:)'",
            fix: self.fix(call, in: scope)
        )
    }

    /// `Task`, `ContinuousClock()` and the like.
    private static func isClock(_ base: ExprSyntax) -> Bool {
        if let call = base.as(FunctionCallExprSyntax.self) { return self.isClock(call.calledExpression) }
        guard let path = base.lintPath, path.count == 1 else { return false }
        return ["Task", "ContinuousClock", "SuspendingClock"].contains(path[0])
    }

    private static func fix(_ call: FunctionCallExprSyntax, in scope: LintScope) -> LintFix? {
        guard let first = call.arguments.first else { return nil }
        let duration: String
        switch first.label?.text {
        case "for": duration = first.expression.trimmedDescription
        case "nanoseconds": duration = ".nanoseconds(\(first.expression.trimmedDescription))"
        default: return nil
        }
        let new = "\(scope.context).sleep(for: \(duration))"
        return LintFix("use '\(new)'", replacing: call, with: "\(raw: new)")
    }
}

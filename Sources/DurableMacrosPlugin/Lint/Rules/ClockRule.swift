// SPDX-License-Identifier: Apache-2.0

import SwiftSyntax
import SwiftSyntaxBuilder

/// `Date()`, `Date.now`, `ContinuousClock` and other clocks.
enum ClockRule: LintRule {
    static func finding(at node: Syntax, in scope: LintScope) -> LintFinding? {
        if let call = node.as(FunctionCallExprSyntax.self) { return self.finding(at: call, in: scope) }
        guard let access = node.as(MemberAccessExprSyntax.self) else { return nil }
        let now = "\(scope.context).now"
        switch access.lintPath {
        case ["Date", "now"]:
            return self.finding(
                node,
                says: "Date.now",
                LintFix("use '\(now)'", replacing: access, with: "\(raw: now)"),
                scope
            )
        case ["", "now"] where self.isDate(access):
            return self.finding(
                node,
                says: ".now",
                LintFix("use '\(now)'", replacing: access, with: "\(raw: now)"),
                scope
            )
        case ["ContinuousClock", "now"], ["SuspendingClock", "now"], ["ContinuousClock", "Instant", "now"],
            ["SuspendingClock", "Instant", "now"]:
            return self.finding(node, says: access.trimmedDescription, nil, scope)
        default: break
        }
        guard access.declName.baseName.text == "timeIntervalSinceNow", let base = access.base else { return nil }
        let new = "\(base.trimmedDescription).timeIntervalSince(\(now))"
        return self.finding(
            node,
            says: "timeIntervalSinceNow",
            LintFix("use '\(new)'", replacing: access, with: "\(raw: new)"),
            scope
        )
    }

    private static func finding(at call: FunctionCallExprSyntax, in scope: LintScope) -> LintFinding? {
        let now = "\(scope.context).now"
        switch call.calledExpression.lintPath {
        case ["Date"], ["Date", "init"]:
            guard let first = call.arguments.first else {
                let fix = LintFix("use '\(now)'", replacing: call, with: "\(raw: now)")
                return self.finding(Syntax(call), says: "Date()", fix, scope)
            }
            guard first.label?.text == "timeIntervalSinceNow" else { return nil }
            let new = "\(now).addingTimeInterval(\(first.expression.trimmedDescription))"
            let fix = LintFix("use '\(new)'", replacing: call, with: "\(raw: new)")
            return self.finding(Syntax(call), says: "Date(timeIntervalSinceNow:)", fix, scope)
        case ["ContinuousClock"] where !call.hasClosure, ["SuspendingClock"] where !call.hasClosure,
            ["DispatchTime", "now"], ["DispatchWallTime", "now"], ["CFAbsoluteTimeGetCurrent"], ["clock_gettime"],
            ["gettimeofday"]:
            return self.finding(Syntax(call), says: call.calledExpression.trimmedDescription, nil, scope)
        default:
            return nil
        }
    }

    private static func finding(
        _ node: Syntax,
        says name: String,
        _ fix: LintFix?,
        _ scope: LintScope
    ) -> LintFinding {
        LintFinding(
            node: node,
            rule: "clock",
            message: "'\(name)' is another time on replay: use '\(scope.context).now', or measure in a step",
            fix: fix
        )
    }

    /// Whether `.now` is given to something that is declared as a `Date`.
    private static func isDate(_ access: MemberAccessExprSyntax) -> Bool {
        let binding = access.parent?.as(InitializerClauseSyntax.self)?.parent?.as(PatternBindingSyntax.self)
        return binding?.typeAnnotation?.type.names("Date") == true
    }
}

// SPDX-License-Identifier: Apache-2.0

import SwiftSyntax
import SwiftSyntaxBuilder

/// `UUID()`.
enum UUIDRule: LintRule {
    static func finding(at node: Syntax, in scope: LintScope) -> LintFinding? {
        guard let call = node.as(FunctionCallExprSyntax.self), call.arguments.isEmpty, call.trailingClosure == nil,
            let path = call.calledExpression.lintPath,
            path == ["UUID"] || path == ["UUID", "init"] || path == ["NSUUID"]
        else { return nil }
        let new = "\(scope.context).uuid()"
        return LintFinding(
            node: node,
            rule: "uuid",
            message: "'\(path[0])()' is another one on replay: use '\(new)'; make a secret in a step",
            fix: path == ["NSUUID"] ? nil : LintFix("use '\(new)'", replacing: call, with: "\(raw: new)")
        )
    }
}

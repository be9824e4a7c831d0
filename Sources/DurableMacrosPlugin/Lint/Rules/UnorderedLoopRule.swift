// SPDX-License-Identifier: Apache-2.0

import SwiftSyntax

/// Going through a set or a dictionary with a durable call for each element.
enum UnorderedLoopRule: LintRule {
    static func finding(at node: Syntax, in scope: LintScope) -> LintFinding? {
        guard let elements = self.elements(of: node, in: scope), let access = UnorderedAccess(elements, in: scope)
        else {
            return nil
        }
        let new = access.sorted
        return LintFinding(
            node: Syntax(access.base),
            rule: "unordered",
            message: "a \(self.kind(access)) has another order in each process, and durable calls are known by theirs: "
                + "sort it first",
            fix: LintFix("use '\(new.trimmedDescription)'", replacing: access.base, with: new),
            coversInside: false
        )
    }

    private static func kind(_ access: UnorderedAccess) -> String {
        access.form == .set ? "set" : "dictionary"
    }

    /// What is gone through, when durable calls are made on the way.
    private static func elements(of node: Syntax, in scope: LintScope) -> ExprSyntax? {
        if let loop = node.as(ForStmtSyntax.self), loop.awaitKeyword == nil, scope.isUsed(in: loop.body) {
            return loop.sequence
        }
        guard let call = node.as(FunctionCallExprSyntax.self),
            let method = ExprSyntax(call).contextMethod(in: scope), ["map", "mapSettled"].contains(method)
        else { return nil }
        return call.arguments.first?.expression
    }
}

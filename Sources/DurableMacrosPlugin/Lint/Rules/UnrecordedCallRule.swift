// SPDX-License-Identifier: Apache-2.0

import SwiftSyntax
import SwiftSyntaxBuilder

/// `await` on something that has not the context as its receiver or an argument.
enum UnrecordedCallRule: LintRule {
    static func finding(at node: Syntax, in scope: LintScope) -> LintFinding? {
        guard let wait = node.as(AwaitExprSyntax.self), !self.isRecorded(wait, in: scope) else { return nil }
        // `await name` is an `async let`, which is spoken of where it is declared.
        if !self.calls(wait.expression) { return nil }
        if wait.expression.as(FunctionCallExprSyntax.self)?.calledExpression.lintPath == ["Task", "yield"] {
            return nil
        }
        return LintFinding(
            node: node,
            rule: "unrecorded",
            message: "this call is not recorded: wrap it in a step",
            fix: self.fix(wait, in: scope)
        )
    }

    /// Whether the context is in what the keyword stands before: up to the end of the operators that follow.
    private static func isRecorded(_ wait: AwaitExprSyntax, in scope: LintScope) -> Bool {
        if scope.isUsed(in: wait.expression) { return true }
        var element = Syntax(wait)
        if let attempt = element.parent?.as(TryExprSyntax.self) { element = Syntax(attempt) }
        guard let list = element.parent?.as(ExprListSyntax.self) else { return false }
        return list.contains { $0.position > element.position && scope.isUsed(in: $0) }
    }

    /// Whether there is a call, or a property that may be an actor's.
    private static func calls(_ expression: ExprSyntax) -> Bool {
        expression.holds { node in
            node.is(FunctionCallExprSyntax.self) || node.is(MemberAccessExprSyntax.self)
                || node.is(SubscriptCallExprSyntax.self) || node.is(MacroExpansionExprSyntax.self)
        }
    }

    /// Whether it stands beside operators: then it is for the reader to say what belongs into the step.
    private static func isOperand(_ node: Syntax) -> Bool {
        guard let list = node.parent?.as(ExprListSyntax.self) else { return false }
        let elements = Array(list)
        // `_ = await …` is an assignment.
        guard elements.count == 3, elements[1].is(AssignmentExprSyntax.self) else { return true }
        return elements[2].id != node.id
    }

    private static func fix(_ wait: AwaitExprSyntax, in scope: LintScope) -> LintFix? {
        let attempt = wait.parent?.as(TryExprSyntax.self)
        guard attempt?.questionOrExclamationMark == nil, let name = self.name(of: wait.expression) else { return nil }
        if self.isOperand(attempt.map(Syntax.init) ?? Syntax(wait)) { return nil }
        let call = "\(scope.context).step(\"\(name)\")"
        let message = "wrap it in '\(call)'"
        let body = wait.trimmedDescription
        if attempt != nil {
            return LintFix(message, replacing: wait, with: "await \(raw: call) { _ in try \(raw: body) }")
        }
        return LintFix(message, replacing: wait, with: "try await \(raw: call) { _ in \(raw: body) }")
    }

    /// A name for the step: what is called.
    private static func name(of expression: ExprSyntax) -> String? {
        guard let call = expression.as(FunctionCallExprSyntax.self) else {
            return expression.as(MemberAccessExprSyntax.self)?.declName.baseName.text
        }
        if let access = call.calledExpression.as(MemberAccessExprSyntax.self) { return access.declName.baseName.text }
        return call.calledExpression.as(DeclReferenceExprSyntax.self)?.baseName.text
    }
}

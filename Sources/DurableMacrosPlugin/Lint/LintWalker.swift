// SPDX-License-Identifier: Apache-2.0

import SwiftSyntax

/// Walks through the code that every process runs again, and asks the rules about each node.
///
/// The bodies of steps and transactions are left out: they may do anything.
struct LintWalker {
    private(set) var findings: [LintFinding] = []

    /// Walks through a function that takes a context.
    mutating func walk(_ function: FunctionDeclSyntax, in scope: LintScope) {
        guard let body = function.body else { return }
        var scope = scope
        scope.enter(function)
        self.walk(Syntax(body.statements), in: &scope)
    }

    private mutating func walk(_ node: Syntax, in scope: inout LintScope) {
        if let closure = node.as(ClosureExprSyntax.self) {
            return self.walk(closure, in: scope)
        }
        if let function = node.as(FunctionDeclSyntax.self) {
            return self.walkLocal(function, in: &scope)
        }
        // A local type has functions of its own, which are not run here.
        if node.asProtocol((any DeclGroupSyntax).self) != nil { return }
        for rule in WorkflowLint.rules {
            guard let finding = rule.finding(at: node, in: scope) else { continue }
            self.findings.append(finding)
            if finding.coversInside { return }
        }
        self.walkInside(node, in: &scope)
        if let binding = node.as(PatternBindingSyntax.self) { scope.learn(binding) }
        if let condition = node.as(OptionalBindingConditionSyntax.self) { scope.learn(condition) }
    }

    private mutating func walkInside(_ node: Syntax, in scope: inout LintScope) {
        if let loop = node.as(ForStmtSyntax.self) { scope.learn(loop) }
        for child in node.children(viewMode: .sourceAccurate) where !child.is(TokenSyntax.self) {
            self.walk(child, in: &scope)
        }
    }

    /// A function within a function: one that uses the context is part of the workflow, any other may belong to a step.
    private mutating func walkLocal(_ function: FunctionDeclSyntax, in scope: inout LintScope) {
        guard let body = function.body else { return }
        let takesContext = !LintScope.contexts(of: function).isEmpty
        guard takesContext || scope.isUsed(in: body) else { return }
        if !takesContext { scope.learn(function) }
        self.walk(function, in: scope)
    }

    private mutating func walk(_ closure: ClosureExprSyntax, in scope: LintScope) {
        switch ClosureRole(of: closure, in: scope) {
        case .recorded: return
        case .inline: self.walkBody(of: closure, in: scope)
        case .branch(let context):
            var scope = scope
            scope.enterBranch(context)
            self.walkBody(of: closure, in: scope)
        }
    }

    private mutating func walkBody(of closure: ClosureExprSyntax, in scope: LintScope) {
        var scope = scope
        self.walk(Syntax(closure.statements), in: &scope)
    }
}

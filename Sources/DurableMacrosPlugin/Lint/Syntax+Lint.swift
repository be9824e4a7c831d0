// SPDX-License-Identifier: Apache-2.0

import SwiftSyntax

extension SyntaxProtocol {
    /// Whether there is an `await` in it, other than in closures and functions.
    var hasAwait: Bool { self.holds { $0.is(AwaitExprSyntax.self) || $0.as(ForStmtSyntax.self)?.awaitKeyword != nil } }

    /// Whether the node or something in it is what is looked for, closures and functions left out.
    func holds(where isMatch: (Syntax) -> Bool) -> Bool {
        if isMatch(Syntax(self)) { return true }
        return self.children(viewMode: .sourceAccurate).contains { child in
            if child.is(TokenSyntax.self) || child.is(ClosureExprSyntax.self) || child.is(FunctionDeclSyntax.self) {
                return false
            }
            return child.holds(where: isMatch)
        }
    }
}

extension TypeSyntaxProtocol {
    /// Whether it is a type of this name, with or without its module and arguments.
    func names(_ name: String) -> Bool {
        if let identifier = self.as(IdentifierTypeSyntax.self) { return identifier.name.text == name }
        if let member = self.as(MemberTypeSyntax.self) {
            return member.name.text == name && member.baseType.is(IdentifierTypeSyntax.self)
        }
        if let attributed = self.as(AttributedTypeSyntax.self) { return attributed.baseType.names(name) }
        return false
    }
}

extension ExprSyntaxProtocol {
    /// The names of a chain such as `Task.detached`; nil for anything else.
    ///
    /// Generic arguments and modules of the toolchain are left out. A chain that begins with a dot begins with an empty name.
    var lintPath: [String]? {
        if let reference = self.as(DeclReferenceExprSyntax.self) { return [reference.baseName.text] }
        if let generic = self.as(GenericSpecializationExprSyntax.self) { return generic.expression.lintPath }
        guard let access = self.as(MemberAccessExprSyntax.self) else { return nil }
        let name = access.declName.baseName.text
        guard let base = access.base else { return ["", name] }
        guard let path = base.lintPath else { return nil }
        let modules: Set = ["Foundation", "FoundationEssentials", "Swift", "_Concurrency", "Dispatch"]
        if path.count == 1, modules.contains(path[0]) { return [name] }
        return path + [name]
    }

    /// The name of a value: of a local one, a parameter, or a property of `self`.
    var valueName: String? {
        switch self.lintPath {
        case let path? where path.count == 1: path[0]
        case let path? where path.count == 2 && path[0] == "self": path[1]
        default: nil
        }
    }

    /// What `try` and `await` stand before.
    var awaited: ExprSyntax {
        if let attempt = self.as(TryExprSyntax.self) { return attempt.expression.awaited }
        if let wait = self.as(AwaitExprSyntax.self) { return wait.expression.awaited }
        return ExprSyntax(self)
    }

    /// The method of a context that this calls.
    func contextMethod(in scope: LintScope) -> String? {
        guard let call = self.as(FunctionCallExprSyntax.self), let path = call.calledExpression.lintPath,
            path.count == 2, scope.contexts.contains(path[0])
        else { return nil }
        return path[1]
    }
}

extension FunctionCallExprSyntax {
    /// Whether it is the call of something with a type's name, such as `OrderedDictionary(…)`.
    var namesType: Bool {
        if self.calledExpression.is(ArrayExprSyntax.self) { return true }
        return self.calledExpression.lintPath?.last?.first?.isUppercase == true
    }

    /// Whether a closure is among its arguments.
    var hasClosure: Bool {
        self.trailingClosure != nil || self.arguments.contains { $0.expression.is(ClosureExprSyntax.self) }
    }
}

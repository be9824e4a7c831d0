// SPDX-License-Identifier: Apache-2.0

import SwiftSyntax

/// What names stand for, at a place in the code.
struct LintScope {
    /// The parameters that are a `WorkflowContext`, the innermost last.
    private(set) var contexts: [String] = []
    /// Values that were made from a context, and functions that use it: a call of theirs can be a recorded one.
    private(set) var carriers: Set<String> = []
    /// Which values have an order, where the text tells.
    private(set) var orders: [String: ValueOrder] = [:]

    /// The context that a fix writes down.
    var context: String { self.contexts.last ?? "workflow" }

    /// The scope of a type's functions: what its stored properties are.
    init(members: MemberBlockItemListSyntax) {
        for member in members {
            guard let variable = member.decl.as(VariableDeclSyntax.self) else { continue }
            for binding in variable.bindings { self.learnOrder(of: binding) }
        }
    }

    // MARK: - Functions and closures

    /// The names of a function's parameters that are a context.
    static func contexts(of function: FunctionDeclSyntax) -> [String] {
        function.signature.parameterClause.parameters.compactMap { parameter in
            guard parameter.type.names("WorkflowContext") else { return nil }
            return (parameter.secondName ?? parameter.firstName).text
        }
    }

    mutating func enter(_ function: FunctionDeclSyntax) {
        self.contexts += Self.contexts(of: function)
        for parameter in function.signature.parameterClause.parameters {
            let name = (parameter.secondName ?? parameter.firstName).text
            self.orders[name] = ValueOrder(of: parameter.type)
        }
    }

    mutating func enterBranch(_ context: String) {
        self.contexts.append(context)
    }

    // MARK: - Declarations

    /// Takes note of what a binding makes of a context, and of its order.
    mutating func learn(_ binding: PatternBindingSyntax) {
        self.learnOrder(of: binding)
        guard let name = binding.pattern.as(IdentifierPatternSyntax.self)?.identifier.text,
            let value = binding.initializer?.value
        else { return }
        self.learn(name, from: value)
    }

    /// Takes note of what a condition binds.
    mutating func learn(_ condition: OptionalBindingConditionSyntax) {
        guard let name = condition.pattern.as(IdentifierPatternSyntax.self)?.identifier.text,
            let value = condition.initializer?.value
        else { return }
        self.learn(name, from: value)
    }

    /// Takes note of what a loop reads from a context.
    mutating func learn(_ loop: ForStmtSyntax) {
        guard let name = loop.pattern.as(IdentifierPatternSyntax.self)?.identifier.text else { return }
        if self.isUsed(in: loop.sequence) { self.carriers.insert(name) }
    }

    /// Takes note of a local function that uses the context it finds around it.
    mutating func learn(_ function: FunctionDeclSyntax) {
        self.carriers.insert(function.name.text)
    }

    private mutating func learn(_ name: String, from value: ExprSyntax) {
        if value.is(ClosureExprSyntax.self) || !value.hasAwait {
            // `let orders = OrderDesk(workflow)`; `let send = { … workflow.step … }`.
            if self.isUsed(in: value) { self.carriers.insert(name) }
        } else if let method = value.awaited.contextMethod(in: self), !ContextMethod.returnsPlainValue(method) {
            // `let child = try await workflow.start(…)`: a handle, which is asked later.
            self.carriers.insert(name)
        }
    }

    private mutating func learnOrder(of binding: PatternBindingSyntax) {
        guard let name = binding.pattern.as(IdentifierPatternSyntax.self)?.identifier.text else { return }
        if let type = binding.typeAnnotation?.type {
            self.orders[name] = ValueOrder(of: type)
        } else {
            self.orders[name] = binding.initializer.map { ValueOrder(of: $0.value, in: self) } ?? .unknown
        }
    }

    // MARK: - Uses

    /// Whether an expression has the context, or what was made from it, as a receiver or an argument.
    ///
    /// What a context only answers by itself, such as `workflow.now`, is no use of it.
    func isUsed(in node: some SyntaxProtocol) -> Bool {
        if let reference = node.as(DeclReferenceExprSyntax.self) { return self.isUse(reference) }
        return node.children(viewMode: .sourceAccurate).contains { child in
            !child.is(TokenSyntax.self) && self.isUsed(in: child)
        }
    }

    private func isUse(_ reference: DeclReferenceExprSyntax) -> Bool {
        let name = reference.baseName.text
        // The member of an access: `request.workflow` names no context.
        if let access = reference.parent?.as(MemberAccessExprSyntax.self), access.declName.id == reference.id {
            return false
        }
        if self.carriers.contains(name) { return true }
        guard self.contexts.contains(name) else { return false }
        guard let access = reference.parent?.as(MemberAccessExprSyntax.self) else { return true }
        return !ContextMethod.isSynchronous(access.declName.baseName.text)
    }
}

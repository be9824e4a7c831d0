// SPDX-License-Identifier: Apache-2.0

import SwiftSyntax

/// What a closure in a workflow's code is.
enum ClosureRole {
    /// The body of a step, or something that may be one: it may do anything.
    case recorded
    /// Part of the code around it.
    case inline
    /// A branch, with a context of its own.
    case branch(context: String)

    init(of closure: ClosureExprSyntax, in scope: LintScope) {
        let parameters = Self.parameters(of: closure)
        if let context = parameters.first(where: { $0.type?.names("WorkflowContext") == true }) {
            self = .branch(context: context.name)
            return
        }
        if parameters.contains(where: { $0.type?.names("StepContext") == true || $0.type?.names("Transaction") == true }
        ) {
            self = .recorded
            return
        }
        let usesContext = scope.isUsed(in: closure.statements)
        guard let call = Self.call(around: closure) else {
            // It is kept for later: who calls it is not told.
            self = usesContext ? .inline : .recorded
            return
        }
        if let method = ExprSyntax(call).contextMethod(in: scope) {
            guard let index = ContextMethod.branchParameter(method) else {
                self = .recorded
                return
            }
            if closure.signature?.parameterClause == nil {
                self = .branch(context: "$\(index)")
            } else if index < parameters.count {
                self = .branch(context: parameters[index].name)
            } else {
                self = .recorded
            }
        } else if usesContext {
            self = .inline
        } else if scope.isUsed(in: call) {
            // A helper that takes the context and a body makes a step of it.
            self = .recorded
        } else {
            // One that waits, and is given to a call that does not, is kept for later.
            self = closure.statements.hasAwait ? .recorded : .inline
        }
    }

    private static func parameters(of closure: ClosureExprSyntax) -> [(name: String, type: TypeSyntax?)] {
        switch closure.signature?.parameterClause {
        case .simpleInput(let list): list.map { ($0.name.text, nil) }
        case .parameterClause(let clause):
            clause.parameters.map { (($0.secondName ?? $0.firstName).text, $0.type) }
        case nil: []
        }
    }

    /// The call that the closure is an argument of, or that calls it at once.
    private static func call(around closure: ClosureExprSyntax) -> FunctionCallExprSyntax? {
        guard let parent = closure.parent else { return nil }
        if let call = parent.as(FunctionCallExprSyntax.self) { return call }
        // An argument in the list, or a further trailing closure.
        return parent.parent?.parent?.as(FunctionCallExprSyntax.self)
    }
}

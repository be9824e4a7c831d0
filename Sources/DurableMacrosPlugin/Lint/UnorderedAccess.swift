// SPDX-License-Identifier: Apache-2.0

import SwiftSyntax
import SwiftSyntaxBuilder

/// An expression that gives the elements of a set or a dictionary in the order in which they happen to lie.
struct UnorderedAccess {
    /// How the elements could be sorted.
    enum Form {
        case set, dictionary, keys, values
    }

    /// The part of the expression that has no order, before what is done with it in its order.
    let base: ExprSyntax
    let form: Form

    /// What the whole expression is: a dictionary only when nothing was done with it.
    let order: ValueOrder

    init?(_ value: ExprSyntax, in scope: LintScope) {
        let base = Self.base(of: value)
        guard let form = Self.form(of: base, in: scope) else { return nil }
        self.base = base
        self.form = form
        self.order = form == .dictionary && base.id == value.id ? .dictionary : .set
    }

    /// The base, sorted.
    var sorted: ExprSyntax {
        let text = self.base.trimmedDescription
        switch self.form {
        case .set, .keys:
            return "\(raw: text).sorted()"
        case .dictionary:
            return "\(raw: text).sorted(by: { $0.key < $1.key })"
        case .values:
            let owner = self.base.as(MemberAccessExprSyntax.self)?.base?.trimmedDescription ?? text
            return "\(raw: owner).sorted(by: { $0.key < $1.key }).map(\\.value)"
        }
    }

    /// Strips what keeps the order of its elements, whatever that is.
    private static func base(of value: ExprSyntax) -> ExprSyntax {
        if let tuple = value.as(TupleExprSyntax.self), tuple.elements.count == 1, let only = tuple.elements.first {
            return self.base(of: only.expression)
        }
        if let access = value.as(MemberAccessExprSyntax.self), access.declName.baseName.text == "lazy",
            let base = access.base
        {
            return self.base(of: base)
        }
        guard let call = value.as(FunctionCallExprSyntax.self) else { return value }
        if call.calledExpression.lintPath == ["Array"], let argument = call.arguments.first, argument.label == nil {
            return self.base(of: argument.expression)
        }
        let keeping: Set = [
            "compactMap", "dropFirst", "dropLast", "enumerated", "filter", "flatMap", "map", "prefix", "reversed",
            "suffix",
        ]
        guard let access = call.calledExpression.as(MemberAccessExprSyntax.self), let base = access.base,
            keeping.contains(access.declName.baseName.text)
        else { return value }
        return self.base(of: base)
    }

    private static func form(of value: ExprSyntax, in scope: LintScope) -> Form? {
        if value.is(DictionaryExprSyntax.self) { return .dictionary }
        if let call = value.as(FunctionCallExprSyntax.self) { return self.form(of: call, in: scope) }
        if let access = value.as(MemberAccessExprSyntax.self) {
            switch access.declName.baseName.text {
            case "keys": return self.isDictionary(access.base, in: scope) ? .keys : nil
            case "values": return self.isDictionary(access.base, in: scope) ? .values : nil
            default: break
            }
        }
        switch value.valueName.flatMap({ scope.orders[$0] }) {
        case .set: return .set
        case .dictionary: return .dictionary
        default: return nil
        }
    }

    private static func form(of call: FunctionCallExprSyntax, in scope: LintScope) -> Form? {
        if call.calledExpression.is(DictionaryExprSyntax.self) { return .dictionary }
        switch call.calledExpression.lintPath {
        case ["Set"]: return .set
        case ["Dictionary"]: return .dictionary
        default: break
        }
        guard let access = call.calledExpression.as(MemberAccessExprSyntax.self), let base = access.base else {
            return nil
        }
        switch access.declName.baseName.text {
        case "union", "intersection", "subtracting", "symmetricDifference":
            return self.form(of: base, in: scope) == .set ? .set : nil
        case "mapValues", "compactMapValues", "merging":
            return self.form(of: base, in: scope) == .dictionary ? .dictionary : nil
        default:
            return nil
        }
    }

    /// Whether `keys` and `values` of a value are those of a dictionary: all but those of types that are named otherwise.
    private static func isDictionary(_ base: ExprSyntax?, in scope: LintScope) -> Bool {
        guard let base else { return false }
        if self.form(of: base, in: scope) == .dictionary { return true }
        switch base.valueName.map({ scope.orders[$0] ?? .unknown }) {
        case .ordered, .set: return false
        default: return !base.is(FunctionCallExprSyntax.self)
        }
    }
}

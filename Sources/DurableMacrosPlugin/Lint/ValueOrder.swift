// SPDX-License-Identifier: Apache-2.0

import SwiftSyntax

/// Whether a value has the same order in each process, as far as the text tells.
enum ValueOrder {
    /// A `Set`.
    case set
    /// A `Dictionary`.
    case dictionary
    /// The text names another type.
    case ordered
    /// The text does not tell.
    case unknown

    init(of type: TypeSyntax) {
        if type.is(DictionaryTypeSyntax.self) || type.names("Dictionary") {
            self = .dictionary
        } else if type.names("Set") {
            self = .set
        } else {
            self = .ordered
        }
    }

    init(of value: ExprSyntax, in scope: LintScope) {
        if let access = UnorderedAccess(value, in: scope) {
            self = access.order
        } else if let cast = value.as(AsExprSyntax.self) {
            self = ValueOrder(of: cast.type)
        } else if let sequence = value.as(SequenceExprSyntax.self),
            let last = sequence.elements.last?.as(TypeExprSyntax.self)
        {
            // `x as Set<String>`, as the parser leaves it.
            self = ValueOrder(of: last.type)
        } else if value.is(ArrayExprSyntax.self) || value.as(FunctionCallExprSyntax.self)?.namesType == true {
            self = .ordered
        } else {
            self = .unknown
        }
    }
}

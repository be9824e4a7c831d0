// SPDX-License-Identifier: Apache-2.0

import SwiftSyntax

/// One input of an annotated function: what its overload declares, and how it hands it on.
struct CheckpointParameter {
    /// As it stands in the source.
    let syntax: FunctionParameterSyntax
    /// The argument label in calls; nil for none.
    let label: String?
    /// What it is called inside the overload.
    let name: String

    /// - Parameter number: its place, from 1, for the name of one that has none.
    init(_ syntax: FunctionParameterSyntax, number: Int) {
        self.syntax = syntax
        self.label = syntax.firstName.tokenKind == .wildcard ? nil : syntax.firstName.text
        let inner = syntax.secondName ?? syntax.firstName
        self.name = inner.tokenKind == .wildcard ? "input\(number)" : inner.text
    }

    /// The parameter as the overload declares it.
    ///
    /// Without ownership: the overload keeps the value for every attempt.
    var declaration: String {
        let names = self.label.map { $0 == self.name ? $0 : "\($0) \(self.name)" } ?? "_ \(self.name)"
        let value = self.syntax.defaultValue.map { " \($0.trimmed)" } ?? ""
        return "\(names): \(self.type)\(value)"
    }

    /// The argument with which the annotated function is called.
    var argument: String {
        let value = self.isPack ? "repeat each \(self.name)" : self.name
        return self.label.map { "\($0): \(value)" } ?? value
    }

    /// The value as an element of a list of values.
    var value: String { self.isPack ? "repeat each \(self.name)" : self.name }

    /// Its type, without ownership.
    var type: TypeSyntax {
        guard let attributed = self.syntax.type.as(AttributedTypeSyntax.self) else { return self.syntax.type.trimmed }
        return attributed.baseType.trimmed
    }

    private var isPack: Bool { self.type.is(PackExpansionTypeSyntax.self) }
}

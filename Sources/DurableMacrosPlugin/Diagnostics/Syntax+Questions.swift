// SPDX-License-Identifier: Apache-2.0

import SwiftSyntax

extension TypeSyntax {
    /// Whether it is the type of this name, with or without its module, `borrowing` or `sending`.
    func isNamed(_ name: String) -> Bool {
        if let attributed = self.as(AttributedTypeSyntax.self) { return attributed.baseType.isNamed(name) }
        if let member = self.as(MemberTypeSyntax.self) { return member.name.text == name }
        return self.as(IdentifierTypeSyntax.self)?.name.text == name
    }

    /// The type of another name in its place.
    func renamed(_ name: String) -> TypeSyntax {
        var type = TypeSyntax(IdentifierTypeSyntax(name: .identifier(name)))
        type.leadingTrivia = self.leadingTrivia
        type.trailingTrivia = self.trailingTrivia
        return type
    }

    /// Whether a function type is part of it.
    var holdsFunction: Bool { self.tokens(viewMode: .sourceAccurate).contains { $0.tokenKind == .arrow } }

    /// Whether an opaque type is part of it.
    var isOpaque: Bool { self.tokens(viewMode: .sourceAccurate).contains { $0.tokenKind == .keyword(.some) } }

    /// Whether it is a tuple of two or more.
    var isTuple: Bool { (self.as(TupleTypeSyntax.self)?.elements.count ?? 0) > 1 }

    /// Whether it is `Void` or `()`.
    var isVoid: Bool { self.isNamed("Void") || self.as(TupleTypeSyntax.self)?.elements.isEmpty == true }

    /// Whether a specifier such as `inout` stands before it.
    func hasSpecifier(_ keyword: Keyword) -> Bool {
        guard let attributed = self.as(AttributedTypeSyntax.self) else { return false }
        return attributed.specifiers.contains {
            $0.as(SimpleTypeSpecifierSyntax.self)?.specifier.tokenKind == .keyword(keyword)
        }
    }
}

extension DeclModifierListSyntax {
    /// Whether a modifier is among them.
    func contains(_ keyword: Keyword) -> Bool { self.contains { $0.name.tokenKind == .keyword(keyword) } }

    /// Without a modifier.
    func removing(_ keyword: Keyword) -> DeclModifierListSyntax {
        self.filter { $0.name.tokenKind != .keyword(keyword) }
    }
}

extension FunctionDeclSyntax {
    /// Whether it belongs to a type rather than to its values.
    var isStatic: Bool { self.modifiers.contains(.static) || self.modifiers.contains(.class) }

    /// Its name without back-ticks.
    var baseName: String { self.name.text.filter { $0 != "`" } }
}

extension AttributeListSyntax {
    /// The attribute of a global actor, as far as its name gives it away.
    var globalActor: AttributeSyntax? {
        self.lazy.compactMap { $0.as(AttributeSyntax.self) }.first { $0.baseName.hasSuffix("Actor") }
    }
}

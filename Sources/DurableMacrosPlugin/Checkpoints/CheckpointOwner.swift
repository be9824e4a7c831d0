// SPDX-License-Identifier: Apache-2.0

import SwiftSyntax
import SwiftSyntaxMacros

/// Where an annotated function is declared.
enum CheckpointOwner {
    /// At the top of a file.
    case file
    /// In a function, a closure or an accessor.
    case local
    /// In a type, or in an extension of one.
    case type(name: String, isWorkflow: Bool)

    init(of function: FunctionDeclSyntax, in context: some MacroExpansionContext) {
        guard let parent = context.lexicalContext.first else {
            self = .file
            return
        }
        if let type = parent.asProtocol((any DeclGroupSyntax).self) {
            self = .type(name: Self.name(of: type), isWorkflow: type.attributes.contains(named: "Workflow"))
        } else {
            self = .local
        }
    }

    /// The last component, without generic arguments.
    private static func name(of type: any DeclGroupSyntax) -> String {
        if let named = type.asProtocol((any NamedDeclSyntax).self) { return named.name.text }
        guard let extended = type.as(ExtensionDeclSyntax.self)?.extendedType else { return "" }
        if let member = extended.as(MemberTypeSyntax.self) { return member.name.text }
        if let identifier = extended.as(IdentifierTypeSyntax.self) { return identifier.name.text }
        return extended.trimmedDescription
    }
}

extension AttributeListSyntax {
    /// Whether an attribute of this name is among them, with or without its module.
    func contains(named name: String) -> Bool { self.first(named: name) != nil }

    /// The first attribute of this name, with or without its module.
    func first(named name: String) -> AttributeSyntax? {
        self.lazy.compactMap { $0.as(AttributeSyntax.self) }.first { $0.baseName == name }
    }
}

extension AttributeSyntax {
    /// Its name without a module.
    var baseName: String {
        if let member = self.attributeName.as(MemberTypeSyntax.self) { return member.name.text }
        if let identifier = self.attributeName.as(IdentifierTypeSyntax.self) { return identifier.name.text }
        return self.attributeName.trimmedDescription
    }
}

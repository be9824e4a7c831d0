// SPDX-License-Identifier: Apache-2.0

import SwiftSyntax
import SwiftSyntaxBuilder
import SwiftSyntaxMacros

/// A type with `@Workflow`, parsed: everything that its conformance is written from.
struct WorkflowDeclaration {
    let arguments: WorkflowArguments
    /// The access of the type, as its members must have it.
    let access: String

    var isStrict: Bool { self.arguments.isStrict }

    /// Parses a type; what is wrong with it is diagnosed.
    ///
    /// - Returns: nil when the conformance cannot be written.
    init?(
        _ attribute: AttributeSyntax,
        on declaration: some DeclGroupSyntax,
        in context: some MacroExpansionContext
    ) {
        self.arguments = WorkflowArguments(attribute)
        let access = declaration.modifiers.map(\.name.text).first { ["public", "package"].contains($0) }
        self.access = access.map { "\($0) " } ?? ""
    }

    /// The extension that makes the type a workflow.
    func conformance(of type: some TypeSyntaxProtocol, adding conforms: Bool) throws -> ExtensionDeclSyntax {
        var members: [String] = []
        if let name = self.arguments.name { members.append("\(self.access)static var name: String { \(name) }") }
        if let version = self.arguments.version {
            members.append("\(self.access)static var version: Int { \(version) }")
        }
        if let resumes = self.arguments.resumes {
            members.append("\(self.access)static var resumes: ClosedRange<Int> { \(resumes) }")
        }
        let body = members.joined(separator: "\n")
        return try ExtensionDeclSyntax(
            "extension \(type)\(raw: conforms ? ": Durable.Workflow" : "") {\n\(raw: body)\n}"
        )
    }
}

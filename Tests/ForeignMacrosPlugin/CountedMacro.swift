// SPDX-License-Identifier: Apache-2.0

import SwiftCompilerPlugin
package import SwiftSyntax
import SwiftSyntaxBuilder
package import SwiftSyntaxMacros

/// `@Counted`: a body macro that has nothing to do with workflows, as one for tracing would.
package struct CountedMacro: BodyMacro {
    package static func expansion(
        of node: AttributeSyntax,
        providingBodyFor declaration: some DeclSyntaxProtocol & WithOptionalCodeBlockSyntax,
        in context: some MacroExpansionContext
    ) throws -> [CodeBlockItemSyntax] {
        ["Counted.calls.next()"] + (declaration.body?.statements.map { $0 } ?? [])
    }
}

@main
struct ForeignMacrosPlugin: CompilerPlugin {
    let providingMacros: [any Macro.Type] = [CountedMacro.self]
}

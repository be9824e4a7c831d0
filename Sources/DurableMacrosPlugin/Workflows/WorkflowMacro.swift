// SPDX-License-Identifier: Apache-2.0

package import SwiftSyntax
package import SwiftSyntaxMacros

/// `@Workflow`: conforms a type to `Workflow`, and looks through it for what replay cannot repeat.
package struct WorkflowMacro: ExtensionMacro {
    package static func expansion(
        of node: AttributeSyntax,
        attachedTo declaration: some DeclGroupSyntax,
        providingExtensionsOf type: some TypeSyntaxProtocol,
        conformingTo protocols: [TypeSyntax],
        in context: some MacroExpansionContext
    ) throws -> [ExtensionDeclSyntax] {
        WorkflowLint.diagnose(type: declaration, in: context, strict: WorkflowArguments(node).isStrict)
        guard let workflow = WorkflowDeclaration(node, on: declaration, in: context),
            let conformance = try workflow.conformance(of: type.trimmed, adding: !protocols.isEmpty)
        else { return [] }
        return [conformance]
    }
}

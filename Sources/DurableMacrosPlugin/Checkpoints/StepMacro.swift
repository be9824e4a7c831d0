// SPDX-License-Identifier: Apache-2.0

package import SwiftSyntax
package import SwiftSyntaxMacros

/// `@Step`: writes the checkpointed overload of a function that takes a `StepContext`.
package struct StepMacro: PeerMacro {
    package static func expansion(
        of node: AttributeSyntax,
        providingPeersOf declaration: some DeclSyntaxProtocol,
        in context: some MacroExpansionContext
    ) throws -> [DeclSyntax] {
        guard let checkpoint = Checkpoint(.step, node, on: declaration, in: context) else { return [] }
        return [checkpoint.overload, checkpoint.undoableOverload]
    }
}

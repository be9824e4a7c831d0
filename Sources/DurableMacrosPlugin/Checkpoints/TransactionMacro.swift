// SPDX-License-Identifier: Apache-2.0

package import SwiftSyntax
package import SwiftSyntaxMacros

/// `@Transaction`: writes the checkpointed overload of a function that takes a `Transaction`.
package struct TransactionMacro: PeerMacro {
    package static func expansion(
        of node: AttributeSyntax,
        providingPeersOf declaration: some DeclSyntaxProtocol,
        in context: some MacroExpansionContext
    ) throws -> [DeclSyntax] {
        guard let checkpoint = Checkpoint(.transaction, node, on: declaration, in: context) else { return [] }
        return [checkpoint.overload, checkpoint.undoableOverload]
    }
}

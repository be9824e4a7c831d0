// SPDX-License-Identifier: Apache-2.0

import SwiftDiagnostics
import SwiftSyntax
import SwiftSyntaxMacros

extension MacroExpansionContext {
    /// Reports a use of an annotation that cannot work.
    ///
    /// - Parameters:
    ///   - id: a name of this kind of misuse that never changes.
    ///   - words: what is wrong, why, and what to do.
    ///   - node: where.
    ///   - fixIts: the mechanical ways out.
    func misuse(_ id: String, _ words: String, at node: some SyntaxProtocol, fixIts: [FixIt?] = []) {
        self.diagnose(
            Diagnostic(
                node: Syntax(node),
                message: AnnotationMessage(id, words),
                fixIts: fixIts.compactMap { $0 }
            )
        )
    }
}

extension FixIt {
    /// Replaces one node by another of its kind.
    static func replace(_ id: String, _ words: String, _ old: some SyntaxProtocol, by new: some SyntaxProtocol) -> FixIt
    {
        FixIt(
            message: AnnotationMessage(id, words),
            changes: [.replace(oldNode: Syntax(old), newNode: Syntax(new))]
        )
    }
}

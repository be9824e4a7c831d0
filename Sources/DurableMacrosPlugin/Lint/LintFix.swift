// SPDX-License-Identifier: Apache-2.0

import SwiftDiagnostics
import SwiftSyntax

/// A mechanical correction.
struct LintFix {
    /// What it does, as an editor offers it.
    let message: String
    let old: Syntax
    let new: Syntax

    /// A fix that writes one expression in the place of another.
    init(_ message: String, replacing old: some ExprSyntaxProtocol, with new: ExprSyntax) {
        self.message = message
        self.old = Syntax(old)
        self.new = Syntax(new.with(\.leadingTrivia, old.leadingTrivia).with(\.trailingTrivia, old.trailingTrivia))
    }

    /// A fix that writes one list of catch clauses in the place of another.
    init(_ message: String, replacing old: CatchClauseListSyntax, with new: CatchClauseListSyntax) {
        self.message = message
        self.old = Syntax(old)
        self.new = Syntax(new)
    }

    func fixIt(rule: String) -> FixIt {
        FixIt(
            message: LintFixMessage(rule: rule, message: self.message),
            changes: [.replace(oldNode: self.old, newNode: self.new)]
        )
    }
}

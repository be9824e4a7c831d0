// SPDX-License-Identifier: Apache-2.0

import SwiftDiagnostics
import SwiftSyntax

/// What a rule says of a place in the code.
struct LintFinding {
    /// Where it is said.
    let node: Syntax
    /// Which rule says it.
    let rule: String
    /// What is wrong, and what to write instead.
    let message: String
    /// How to write it instead, where that is mechanical.
    var fix: LintFix?
    /// Whether what stands inside needs no word of its own, since it moves or goes together with the node.
    var coversInside = true
    /// Where it is said, when that is not where the node begins.
    var position: AbsolutePosition?

    /// The finding as the compiler shows it.
    func diagnostic(severity: DiagnosticSeverity) -> Diagnostic {
        Diagnostic(
            node: self.node,
            position: self.position,
            message: LintMessage(rule: self.rule, message: self.message, severity: severity),
            fixIts: self.fix.map { [$0.fixIt(rule: self.rule)] } ?? []
        )
    }
}

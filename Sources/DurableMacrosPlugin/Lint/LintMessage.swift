// SPDX-License-Identifier: Apache-2.0

import SwiftDiagnostics

/// The words of a finding.
struct LintMessage: DiagnosticMessage {
    let rule: String
    let message: String
    let severity: DiagnosticSeverity

    var diagnosticID: MessageID { MessageID(domain: "DurableLint", id: self.rule) }
}

// SPDX-License-Identifier: Apache-2.0

import SwiftDiagnostics

/// The words of a diagnostic or of its fix-it.
struct AnnotationMessage: DiagnosticMessage, FixItMessage {
    /// A name of this kind of message that never changes.
    let id: String
    let message: String
    let diagnosticID: MessageID
    let severity: DiagnosticSeverity

    init(_ id: String, _ message: String, severity: DiagnosticSeverity = .error) {
        self.id = id
        self.message = message
        self.diagnosticID = MessageID(domain: "DurableMacros", id: id)
        self.severity = severity
    }

    var fixItID: MessageID { self.diagnosticID }
}

// SPDX-License-Identifier: Apache-2.0

import SwiftDiagnostics

/// The words of a fix.
struct LintFixMessage: FixItMessage {
    let rule: String
    let message: String

    var fixItID: MessageID { MessageID(domain: "DurableLint", id: self.rule) }
}

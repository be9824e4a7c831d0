// SPDX-License-Identifier: Apache-2.0

import SwiftSyntax

/// One thing that replay cannot repeat, and what to write instead.
protocol LintRule: SendableMetatype {
    /// Looks at one node of code that every process runs again.
    ///
    /// - Returns: What is wrong with this very node; nil when nothing is, or when it is for another rule to say.
    static func finding(at node: Syntax, in scope: LintScope) -> LintFinding?
}

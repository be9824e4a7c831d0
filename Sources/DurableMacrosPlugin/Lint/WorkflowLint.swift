// SPDX-License-Identifier: Apache-2.0

package import SwiftSyntax
package import SwiftSyntaxMacros

/// Looks through a workflow's type for what replay cannot repeat.
package enum WorkflowLint {
    /// Diagnoses `run` and every function of the type that takes a `WorkflowContext`.
    ///
    /// Called once per expansion of `@Workflow`, with the type as it stands in the source.
    ///
    /// - Parameters:
    ///   - type: The type that `@Workflow` is attached to.
    ///   - context: Where the diagnostics go.
    ///   - isStrict: Whether what is found is an error, rather than a warning.
    package static func diagnose(
        type: some DeclGroupSyntax,
        in context: some MacroExpansionContext,
        strict isStrict: Bool
    ) {
    }
}

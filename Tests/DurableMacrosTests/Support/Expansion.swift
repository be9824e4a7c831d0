// SPDX-License-Identifier: Apache-2.0

import SwiftSyntaxBuilder
import SwiftSyntaxMacroExpansion
import SwiftSyntaxMacros
import SwiftSyntaxMacrosGenericTestSupport
import Testing

@testable import DurableMacrosPlugin

/// Expands the annotations in a source text, and compares the result, the diagnostics and the corrected source.
func expectExpansion(
    of source: String,
    is expanded: String,
    diagnostics: [DiagnosticSpec] = [],
    applying fixIts: [String]? = nil,
    gives fixed: String? = nil,
    sourceLocation: SourceLocation = #_sourceLocation
) {
    assertMacroExpansion(
        source,
        expandedSource: expanded,
        diagnostics: diagnostics,
        macroSpecs: [
            "Step": MacroSpec(type: StepMacro.self),
            "Transaction": MacroSpec(type: TransactionMacro.self),
            "Workflow": MacroSpec(type: WorkflowMacro.self, conformances: ["Workflow"]),
        ],
        applyFixIts: fixIts,
        fixedSource: fixed,
        failureHandler: { failure in
            Issue.record("\(failure.message)", sourceLocation: sourceLocation)
        }
    )
}

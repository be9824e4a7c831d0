// SPDX-License-Identifier: Apache-2.0

import Foundation
import SwiftParser
import SwiftSyntax
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
    sourceLocation: Testing.SourceLocation = #_sourceLocation
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

/// The functions that the annotations write beside the first function of a source text, each on as few lines as it has.
func overloads(of source: String) -> [String] {
    let file = Parser.parse(source: source)
    let context = BasicMacroExpansionContext(
        sourceFiles: [file: .init(moduleName: "Test", fullFilePath: "test.swift")]
    )
    let expanded = file.expand(
        macroSpecs: [
            "Step": MacroSpec(type: StepMacro.self), "Transaction": MacroSpec(type: TransactionMacro.self),
        ],
        contextGenerator: {
            BasicMacroExpansionContext(sharingWith: context, lexicalContext: $0.allMacroLexicalContexts())
        }
    )
    let finder = FunctionFinder(viewMode: .sourceAccurate)
    finder.walk(expanded)
    return finder.functions.dropFirst().map { $0.description.trimmingCharacters(in: .whitespacesAndNewlines) }
}

private final class FunctionFinder: SyntaxVisitor {
    var functions: [FunctionDeclSyntax] = []

    override func visit(_ node: FunctionDeclSyntax) -> SyntaxVisitorContinueKind {
        self.functions.append(node)
        return .skipChildren
    }
}

// SPDX-License-Identifier: Apache-2.0

import SwiftDiagnostics
import SwiftParser
import SwiftSyntax
import SwiftSyntaxBuilder
import SwiftSyntaxMacroExpansion
import SwiftSyntaxMacros
import Testing

@testable import DurableMacrosPlugin

/// What the annotations say about a source text, and what their fix-its make of it.
struct Misuse: Equatable, CustomStringConvertible {
    /// Line and column, id and words.
    var finding: String
    /// The words of each fix-it, and the source after it.
    var fixes: [String] = []

    var description: String { ([self.finding] + self.fixes).joined(separator: "\n") }
}

/// Expands the annotations in a source text, and collects what they find.
func misuses(in source: String) -> [Misuse] {
    let file = Parser.parse(source: source)
    let context = BasicMacroExpansionContext(
        sourceFiles: [file: .init(moduleName: "Test", fullFilePath: "test.swift")]
    )
    _ = file.expand(
        macroSpecs: [
            "Step": MacroSpec(type: StepMacro.self),
            "Transaction": MacroSpec(type: TransactionMacro.self),
            "Workflow": MacroSpec(type: WorkflowMacro.self, conformances: ["Workflow"]),
        ],
        contextGenerator: {
            BasicMacroExpansionContext(sharingWith: context, lexicalContext: $0.allMacroLexicalContexts())
        },
        indentationWidth: .spaces(4)
    )
    return context.diagnostics.compactMap { diagnostic -> Misuse? in
        // What the lint of `run` finds has tests of its own.
        guard let message = diagnostic.diagMessage as? AnnotationMessage else { return nil }
        let place = context.location(for: diagnostic.position, anchoredAt: diagnostic.node, fileName: "test.swift")
        return Misuse(
            finding: "\(place.line):\(place.column) \(message.id): \(message.message)",
            fixes: diagnostic.fixIts.map { fixIt in
                let edits = fixIt.changes.compactMap { $0.edit(in: context) }.sorted { $0.start > $1.start }
                var fixed = Array(source.utf8)
                for edit in edits { fixed.replaceSubrange(edit.start..<edit.end, with: edit.text.utf8) }
                return "\(fixIt.message.message) -> \(String(decoding: fixed, as: UTF8.self))"
            }
        )
    }
}

/// A piece of a source text, and what is to stand there.
private struct Edit {
    var start: Int
    var end: Int
    var text: String
}

extension FixIt.Change {
    /// The change in the original source: what a macro is handed is a copy of a part of it.
    fileprivate func edit(in context: BasicMacroExpansionContext) -> Edit? {
        guard case .replace(let old, let new) = self else { return nil }
        let start = context.location(for: old.position, anchoredAt: old, fileName: "test.swift")
        let end = context.location(for: old.endPosition, anchoredAt: old, fileName: "test.swift")
        return Edit(start: start.offset, end: end.offset, text: new.description)
    }
}

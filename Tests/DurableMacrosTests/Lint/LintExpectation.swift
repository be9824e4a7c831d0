// SPDX-License-Identifier: Apache-2.0

import Foundation
import SwiftDiagnostics
import SwiftParser
import SwiftSyntax
import Testing

@testable import DurableMacrosPlugin

/// Looks through a workflow's type.
///
/// - Parameters:
///   - source: The type. Each line about which something is to be said ends with `// warning:` and words of it.
///   - fixed: The type with every fix applied; nil when no fix is offered.
func expectLint(
    ofType source: String,
    fixed: String? = nil,
    sourceLocation: Testing.SourceLocation = #_sourceLocation
) throws {
    let file = Parser.parse(source: source)
    let type = try #require(
        file.statements.first?.item.as(StructDeclSyntax.self),
        "not a struct",
        sourceLocation: sourceLocation
    )
    try #require(!file.hasError, "the source has an error of its own", sourceLocation: sourceLocation)
    let converter = SourceLocationConverter(fileName: "", tree: file)
    let found = WorkflowLint.findings(in: type).map { finding in
        let position = finding.position ?? finding.node.positionAfterSkippingLeadingTrivia
        return (line: converter.location(for: position).line, finding: finding)
    }
    var left = found
    for (index, line) in source.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
        guard let words = line.firstMatch(of: /\/\/ warning: (.+)$/)?.1 else { continue }
        let said = left.firstIndex { $0.line == index + 1 && $0.finding.message.contains(words) }
        if let said {
            left.remove(at: said)
        } else {
            Issue.record("line \(index + 1): \(words) is not said", sourceLocation: sourceLocation)
        }
    }
    for (line, finding) in left {
        Issue.record("line \(line) has no such expectation: \(finding.message)", sourceLocation: sourceLocation)
    }
    let edits = found.compactMap(\.finding.fix).flatMap { $0.fixIt(rule: "").edits }
    #expect(edits.isEmpty == (fixed == nil), "\(edits)", sourceLocation: sourceLocation)
    guard let fixed else { return }
    let text = source.applying(edits).withoutExpectations
    #expect(text == fixed.withoutExpectations, sourceLocation: sourceLocation)
}

/// Looks through the body of a workflow's `run`; see ``expectLint(ofType:fixed:sourceLocation:)``.
func expectLint(
    _ body: String,
    fixed: String? = nil,
    sourceLocation: Testing.SourceLocation = #_sourceLocation
) throws {
    func type(_ body: String) -> String {
        """
        struct Checkout {
            let prices: [String: Int]
            let tags: Set<String>

            func run(_ order: Order, in workflow: WorkflowContext) async throws -> Receipt {
        \(body)
            }
        }
        """
    }
    try expectLint(ofType: type(body), fixed: fixed.map(type), sourceLocation: sourceLocation)
}

extension String {
    fileprivate func applying(_ edits: [SourceEdit]) -> String {
        var bytes = Array(self.utf8)
        for edit in edits.sorted(by: { $0.range.lowerBound > $1.range.lowerBound }) {
            bytes.replaceSubrange(
                edit.range.lowerBound.utf8Offset..<edit.range.upperBound.utf8Offset,
                with: edit.replacement.utf8
            )
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    fileprivate var withoutExpectations: String {
        self.split(separator: "\n", omittingEmptySubsequences: false)
            .map { $0.replacing(/\ *\/\/ warning: .+$/, with: "") }.joined(separator: "\n")
    }
}

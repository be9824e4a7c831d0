// SPDX-License-Identifier: Apache-2.0

import SwiftSyntax

/// The comments `// durable:allow — reason` of a type: each silences the rules on its line, or on the one below it.
///
/// Without a reason it silences nothing, and is itself a finding.
struct Allowances {
    private let converter: SourceLocationConverter
    private var lines: Set<Int> = []
    private var withoutReason: [(token: TokenSyntax, position: AbsolutePosition)] = []

    init(in type: some SyntaxProtocol) {
        self.converter = SourceLocationConverter(fileName: "", tree: type.root)
        for token in type.tokens(viewMode: .sourceAccurate) {
            let line = { [converter] in
                converter.location(for: token.positionAfterSkippingLeadingTrivia).line
            }
            self.add(token.leadingTrivia, of: token, at: token.position, line: line)
            self.add(token.trailingTrivia, of: token, at: token.endPositionBeforeTrailingTrivia, line: line)
        }
    }

    private mutating func add(_ trivia: Trivia, of token: TokenSyntax, at start: AbsolutePosition, line: () -> Int) {
        var position = start
        for piece in trivia {
            defer { position += piece.sourceLength }
            guard case .lineComment(let comment) = piece, let reason = Self.reason(in: comment) else { continue }
            if reason.contains(where: \.isLetter) {
                self.lines.insert(line())
            } else {
                self.withoutReason.append((token, position))
            }
        }
    }

    /// What follows `// durable:allow`, up to a further comment; nil for any other comment.
    private static func reason(in comment: String) -> Substring? {
        let text = comment.drop { $0 == "/" }.drop(while: \.isWhitespace)
        guard text.hasPrefix("durable:allow") else { return nil }
        return text.dropFirst("durable:allow".count).split(separator: "//", omittingEmptySubsequences: false).first
    }

    /// Whether a finding stands on a line that is allowed.
    func cover(_ finding: LintFinding) -> Bool {
        let position = finding.position ?? finding.node.positionAfterSkippingLeadingTrivia
        return self.lines.contains(self.converter.location(for: position).line)
    }

    /// The comments of a function that give no reason.
    func misuses(in function: FunctionDeclSyntax) -> [LintFinding] {
        let range = function.position..<function.endPosition
        return self.withoutReason.filter { range.contains($0.position) }.map { token, position in
            LintFinding(
                node: Syntax(token),
                rule: "allow",
                message: "'durable:allow' needs a reason: '// durable:allow — why replay may differ here'",
                position: position
            )
        }
    }
}

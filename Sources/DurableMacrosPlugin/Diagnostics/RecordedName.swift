// SPDX-License-Identifier: Apache-2.0

import SwiftParser
import SwiftSyntax

/// The name under which something is recorded, where it stands in the source.
enum RecordedName {
    /// The most bytes (UTF-8) of a name; the engine has the same limit.
    private static let limit = 128

    /// The text of a literal; nil for any other expression.
    static func text(of expression: ExprSyntax?) -> String? {
        expression?.as(StringLiteralExprSyntax.self)?.representedLiteralValue
    }

    /// What keeps a name from being recorded; nil if nothing does.
    ///
    /// - Parameter base: the name where none is pinned.
    static func problem(of expression: ExprSyntax?, default base: String) -> String? {
        if let expression, self.text(of: expression) == nil {
            // A constant is none of our business: the engine looks at what it holds.
            guard expression.is(StringLiteralExprSyntax.self) else { return nil }
            return "a recorded name is a plain literal: with an interpolation it could differ from run to run"
        }
        let name = self.text(of: expression) ?? base
        let size = name.utf8.count
        if size == 0 { return "the recorded name is empty" }
        if size > self.limit { return "the recorded name has \(size) bytes; the limit is \(self.limit)" }
        if name.unicodeScalars.contains(where: { $0.properties.generalCategory == .control }) {
            return "the recorded name contains a control character"
        }
        return nil
    }
}

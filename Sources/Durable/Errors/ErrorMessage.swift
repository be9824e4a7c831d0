// SPDX-License-Identifier: Apache-2.0

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// What an error says about itself, as it is recorded and shown to people.
struct ErrorMessage: CustomStringConvertible {
    /// The most bytes of a message that are kept.
    static let limit = 4096

    let description: String

    init(_ error: any Error) {
        let text = (error as? any LocalizedError)?.errorDescription ?? String(describing: error)
        // Postgres could not show a text with U+0000; in a message it carries nothing.
        self.description = Self.cut(text.contains("\0") ? String(text.filter { $0 != "\0" }) : text)
    }

    private static func cut(_ text: String) -> String {
        guard text.utf8.count > Self.limit else { return text }
        let ellipsis = "…"
        var end = text.utf8.index(text.startIndex, offsetBy: Self.limit - ellipsis.utf8.count)
        while end > text.startIndex, end.samePosition(in: text.unicodeScalars) == nil {
            end = text.utf8.index(before: end)
        }
        return text[..<end] + ellipsis
    }
}

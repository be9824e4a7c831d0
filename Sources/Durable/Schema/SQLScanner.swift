// SPDX-License-Identifier: Apache-2.0

/// Takes SQL text apart into pieces, as far as one has to in order to find words and ends of statements: strings, quoted
/// identifiers, comments and dollar-quoted bodies are one piece each.
struct SQLScanner {
    /// What a piece is.
    enum Kind: Hashable {
        case word
        case quoted
        case string
        /// A body between dollar quotes, with its quotes.
        case body
        case comment
        case space
        case symbol
    }

    private let bytes: [UInt8]
    private var position = 0

    init(_ sql: String) { self.bytes = Array(sql.utf8) }

    /// The next piece; nil at the end.
    ///
    /// The pieces joined are the text again.
    mutating func next() -> (kind: Kind, text: String)? {
        guard self.position < self.bytes.count else { return nil }
        let start = self.position
        let kind = self.advance()
        return (kind, String(decoding: self.bytes[start..<self.position], as: UTF8.self))
    }

    /// All pieces of a text.
    static func pieces(of sql: String) -> [(kind: Kind, text: String)] {
        var scanner = SQLScanner(sql)
        var pieces: [(kind: Kind, text: String)] = []
        while let piece = scanner.next() { pieces.append(piece) }
        return pieces
    }

    private mutating func advance() -> Kind {
        let first = self.bytes[self.position]
        switch first {
        case UInt8(ascii: " "), UInt8(ascii: "\n"), UInt8(ascii: "\t"), UInt8(ascii: "\r"):
            self.skip { $0 == UInt8(ascii: " ") || (9...13).contains($0) }
            return .space
        case UInt8(ascii: "-") where self.byte(1) == UInt8(ascii: "-"):
            self.skip { $0 != UInt8(ascii: "\n") }
            return .comment
        case UInt8(ascii: "/") where self.byte(1) == UInt8(ascii: "*"):
            self.skipBlockComment()
            return .comment
        case UInt8(ascii: "'"):
            self.skipQuoted(first, escapes: false)
            return .string
        case UInt8(ascii: "\""):
            self.skipQuoted(first, escapes: false)
            return .quoted
        case UInt8(ascii: "e"), UInt8(ascii: "E"):
            guard self.byte(1) == UInt8(ascii: "'") else { fallthrough }
            self.position += 1
            self.skipQuoted(UInt8(ascii: "'"), escapes: true)
            return .string
        case _ where Self.beginsWord(first):
            self.skip(while: Self.continuesWord)
            return .word
        case UInt8(ascii: "0")...UInt8(ascii: "9"):
            self.skip(while: Self.continuesWord)
            return .symbol
        case UInt8(ascii: "$"):
            return self.skipBody() ? .body : .symbol
        default:
            self.position += 1
            return .symbol
        }
    }

    private func byte(_ offset: Int) -> UInt8? {
        let index = self.position + offset
        return index < self.bytes.count ? self.bytes[index] : nil
    }

    private mutating func skip(while condition: (UInt8) -> Bool) {
        while let byte = self.byte(0), condition(byte) { self.position += 1 }
    }

    private mutating func skipQuoted(_ quote: UInt8, escapes: Bool) {
        self.position += 1
        while let byte = self.byte(0) {
            self.position += 1
            if escapes && byte == UInt8(ascii: "\\") {
                self.position += 1
            } else if byte == quote {
                // Two quotes stand for one.
                guard self.byte(0) == quote else { break }
                self.position += 1
            }
        }
        self.position = min(self.position, self.bytes.count)
    }

    private mutating func skipBlockComment() {
        var depth = 0
        while let byte = self.byte(0) {
            if byte == UInt8(ascii: "/") && self.byte(1) == UInt8(ascii: "*") {
                depth += 1
                self.position += 2
            } else if byte == UInt8(ascii: "*") && self.byte(1) == UInt8(ascii: "/") {
                depth -= 1
                self.position += 2
                if depth == 0 { return }
            } else {
                self.position += 1
            }
        }
    }

    /// Skips `$tag$ … $tag$`; a dollar that begins none, such as that of `$1`, is skipped alone.
    private mutating func skipBody() -> Bool {
        var end = self.position + 1
        if end < self.bytes.count, Self.beginsWord(self.bytes[end]) {
            while end < self.bytes.count, Self.continuesWord(self.bytes[end]), self.bytes[end] != UInt8(ascii: "$") {
                end += 1
            }
        }
        guard end < self.bytes.count, self.bytes[end] == UInt8(ascii: "$") else {
            self.position += 1
            return false
        }
        let tag = self.bytes[self.position...end]
        self.position = end + 1
        while self.position < self.bytes.count, !self.bytes[self.position...].starts(with: tag) { self.position += 1 }
        self.position = min(self.position + tag.count, self.bytes.count)
        return true
    }

    private static func beginsWord(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "_"), 0x80...:
            true
        default: false
        }
    }

    private static func continuesWord(_ byte: UInt8) -> Bool {
        self.beginsWord(byte) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || byte == UInt8(ascii: "$")
    }
}

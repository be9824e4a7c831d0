// SPDX-License-Identifier: Apache-2.0

/// Recognises statements that begin or end a transaction.
///
/// Pure.
enum TransactionControl {
    /// The word by which a statement would begin or end the transaction, or nil if it is any other statement.
    ///
    /// Savepoints are allowed: they stay within the transaction.
    static func word(in sql: String) -> String? {
        var words = WordScanner(sql)
        guard let first = words.next() else { return nil }
        switch first {
        case "BEGIN", "COMMIT", "END", "ABORT": return first
        case "START": return words.next() == "TRANSACTION" ? "START TRANSACTION" : nil
        case "PREPARE": return words.next() == "TRANSACTION" ? "PREPARE TRANSACTION" : nil
        case "ROLLBACK":
            var next = words.next()
            if next == "WORK" || next == "TRANSACTION" { next = words.next() }
            return next == "TO" ? nil : first
        default: return nil
        }
    }
}

/// The words at the beginning of a statement, upper-case, without white space and comments.
private struct WordScanner: IteratorProtocol {
    private var rest: Substring.UTF8View

    init(_ sql: String) { self.rest = Substring(sql).utf8 }

    mutating func next() -> String? {
        self.skipBlanks()
        let word = self.rest.prefix { byte in
            (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte) || byte == 0x5F
        }
        guard !word.isEmpty else { return nil }
        self.rest = self.rest[word.endIndex...]
        return String(Substring(word)).uppercased()
    }

    private mutating func skipBlanks() {
        while let byte = self.rest.first {
            if byte == 0x20 || (0x09...0x0D).contains(byte) || byte == 0x3B {
                self.rest.removeFirst()
            } else if self.rest.starts(with: "--".utf8) {
                self.rest = self.rest.drop { $0 != 0x0A }
            } else if self.rest.starts(with: "/*".utf8) {
                self.skipComment()
            } else {
                return
            }
        }
    }

    /// Comments nest in Postgres.
    private mutating func skipComment() {
        var depth = 0
        while !self.rest.isEmpty {
            if self.rest.starts(with: "/*".utf8) {
                depth += 1
                self.rest.removeFirst(2)
            } else if self.rest.starts(with: "*/".utf8) {
                depth -= 1
                self.rest.removeFirst(2)
                if depth == 0 { return }
            } else {
                self.rest.removeFirst()
            }
        }
    }
}

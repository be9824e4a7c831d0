// SPDX-License-Identifier: Apache-2.0

/// What ids, names and scopes may be.
///
/// A journal row is found by workflow id, scope, position and phase, in one index whose rows may have 2,704 bytes. The limits leave
/// room for that whatever the text, so that no record can be refused by the database after its step has run.
package enum IdentifierRules {
    /// The most bytes (UTF-8) of a workflow id.
    package static let idLimit = 512
    /// The most bytes (UTF-8) of a name.
    package static let nameLimit = 128
    /// The most levels of a scope.
    package static let depthLimit = 200
    /// The most bytes (UTF-8) of a scope path.
    package static let scopeLimit = 1800

    /// Throws `DurableError.invalidArgument` unless this can be a workflow's id: 1 to 512 bytes without U+0000.
    package static func check(workflowID id: String) throws {
        try self.check(id, "workflow id", limit: self.idLimit)
        guard !id.utf8.contains(0) else { throw self.invalid("The workflow id \(self.shown(id)) contains U+0000.") }
    }

    /// Throws `DurableError.invalidArgument` unless this can be a name: 1 to 128 bytes without control characters, and
    /// without `/`, `[` and `]` where it becomes part of a path.
    package static func check(name: String, of kind: NamedKind) throws {
        // Nearly every name is plain: seen in one pass, without a look at Unicode's tables.
        if name.utf8.count <= self.nameLimit, !name.isEmpty, !kind.isPartOfPath,
            name.utf8.allSatisfy({ (0x20..<0x7F).contains($0) })
        {
            return
        }
        let what = "\(kind.rawValue) name"
        try self.check(name, what, limit: self.nameLimit)
        if let scalar = name.unicodeScalars.first(where: { $0.properties.generalCategory == .control }) {
            let hex = String(scalar.value, radix: 16, uppercase: true)
            let code = "U+" + String(repeating: "0", count: 4 - hex.count) + hex
            throw self.invalid("The \(what) \(self.shown(name)) contains the control character \(code).")
        }
        guard kind.isPartOfPath else { return }
        if let character = name.first(where: { "/[]".contains($0) }) {
            throw self.invalid(
                "The \(what) \(self.shown(name)) contains \"\(character)\", which separates the parts of a scope path."
            )
        }
        if name == ScopePath.undo { throw self.invalid("The \(what) \"\(name)\" is reserved for clean-up.") }
    }

    /// Throws `DurableError.invalidArgument` unless this can be an idempotency key: 1 to 512 bytes without U+0000.
    package static func check(key: String) throws {
        try self.check(key, "idempotency key", limit: self.idLimit)
        guard !key.utf8.contains(0) else {
            throw self.invalid("The idempotency key \(self.shown(key)) contains U+0000.")
        }
    }

    private static func check(_ text: String, _ what: String, limit: Int) throws {
        let count = text.utf8.count
        guard count > 0 else { throw self.invalid("The \(what) is empty.") }
        guard count <= limit else {
            throw self.invalid("The \(what) \(self.shown(text)) has \(count) bytes; the limit is \(limit).")
        }
    }

    /// The beginning of a text on one line, in quotes.
    private static func shown(_ text: String) -> String {
        let start = text.unicodeScalars.prefix(40)
        let escaped = start.map { $0.properties.generalCategory == .control ? $0.escaped(asASCII: true) : String($0) }
        return "\"\(escaped.joined())\(start.count < text.unicodeScalars.count ? "…" : "")\""
    }

    static func invalid(_ words: String) -> DurableError { DurableError(.invalidArgument, words) }
}

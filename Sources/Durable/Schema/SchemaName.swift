// SPDX-License-Identifier: Apache-2.0

/// The name of the schema that holds the tables, and its place in SQL.
///
/// All SQL of the library says `durable.`; for a schema of another name that identifier is exchanged.
package struct SchemaName: Hashable, Sendable {
    /// The name that the files are written with.
    package static let standard = SchemaName(checked: "durable")

    /// The name as the catalog has it.
    package let name: String

    /// The name between double quotes, for SQL.
    package var quoted: String { "\"" + self.name.replacing("\"", with: "\"\"") + "\"" }

    private init(checked name: String) { self.name = name }

    /// Checks a name: Postgres would silently cut a longer one.
    package init(_ name: String) throws(DurableError) {
        guard !name.isEmpty, name.utf8.count <= 63, !name.utf8.contains(0) else {
            throw DurableError(
                .invalidConfiguration,
                "the schema's name must have 1 to 63 bytes and no U+0000, and this one has \(name.utf8.count) bytes"
            )
        }
        self.init(checked: name)
    }

    /// The same SQL for this schema.
    ///
    /// `durable` is exchanged where it stands before a dot or after SCHEMA, also in the bodies of functions, and in a
    /// string that is cast to `regclass`. Other strings and comments stay.
    package func rewrite(_ sql: String) -> String {
        guard self != .standard else { return sql }
        let pieces = SQLScanner.pieces(of: sql)
        var result = ""
        result.reserveCapacity(sql.utf8.count + 64)
        var before = ""
        for (index, piece) in pieces.enumerated() {
            switch piece.kind {
            case .word where piece.text == "durable":
                let after = index + 1 < pieces.count ? pieces[index + 1].text : ""
                let names = before != "." && (after == "." || before.lowercased() == "schema")
                result += names ? self.quoted : piece.text
            case .string where piece.text.hasPrefix("'durable.") && Self.isRegclass(pieces[(index + 1)...]):
                let name = self.quoted.replacing("'", with: "''")
                result += "'\(name)" + piece.text.dropFirst("'durable".count)
            case .body:
                result += self.rewrite(body: piece.text)
            default:
                result += piece.text
            }
            if piece.kind != .space && piece.kind != .comment { before = piece.text }
        }
        return result
    }

    /// Whether `::regclass` comes next.
    private static func isRegclass(_ rest: ArraySlice<(kind: SQLScanner.Kind, text: String)>) -> Bool {
        rest.prefix(3).map { $0.text } == [":", ":", "regclass"]
    }

    /// A dollar-quoted body is SQL in itself.
    ///
    /// A name that holds its quotes gets other ones around it.
    private func rewrite(body: String) -> String {
        guard let end = body.dropFirst().firstIndex(of: "$") else { return body }
        let tag = body[...end]
        guard body.utf8.count >= 2 * tag.utf8.count, body.hasSuffix(tag) else { return body }
        let inside = self.rewrite(String(body.dropFirst(tag.count).dropLast(tag.count)))
        var quotes = String(tag)
        var number = 0
        while inside.contains(quotes) {
            number += 1
            quotes = "$body\(number)$"
        }
        return quotes + inside + quotes
    }
}

extension SchemaName: CustomStringConvertible {
    /// The name as the catalog has it.
    package var description: String { self.name }
}

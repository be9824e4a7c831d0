// SPDX-License-Identifier: Apache-2.0

import CDurableSQL

/// One file of `sql/migrations`.
package struct Migration: Hashable, Sendable {
    /// The number that the file's name begins with.
    package let version: Int
    /// The rest of the file's name.
    package let name: String
    /// The text, with `durable` as the schema's name.
    package let sql: String
    /// The oldest code generation that can run on the schema after it.
    package let oldestGeneration: Int

    /// The line in a file that declares its oldest generation.
    private static let declaration = "-- oldest code generation: "

    /// All migrations, in the order of their versions.
    package static func all() throws(DurableError) -> [Migration] {
        var migrations: [Migration] = []
        for index in 0..<durable_migration_count() {
            let embedded = durable_migration_at(index)
            let sql = String(decoding: UnsafeBufferPointer(start: embedded.bytes, count: embedded.count), as: UTF8.self)
            migrations.append(try Migration(file: String(cString: embedded.file), sql: sql))
        }
        return migrations
    }

    /// Reads a file such as `0001_kernel.sql`.
    package init(file: String, sql: String) throws(DurableError) {
        let stem = file.hasSuffix(".sql") ? file.dropLast(4) : file[...]
        let parts = stem.split(separator: "_", maxSplits: 1)
        let declared = sql.split(separator: "\n").first { $0.hasPrefix(Self.declaration) }
        guard parts.count == 2, let version = Int(parts[0]), let declared,
            let generation = Int(declared.dropFirst(Self.declaration.count))
        else {
            throw DurableError(
                .invalidConfiguration,
                "migration \(file) must be called number_name.sql and hold the line \"\(Self.declaration)number\""
            )
        }
        self.version = version
        self.name = String(parts[1])
        self.sql = sql
        self.oldestGeneration = generation
    }

    /// FNV-1a (64 bits) of the file, as hexadecimal digits.
    package var checksum: String {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in self.sql.utf8 {
            hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3
        }
        let digits = String(hash, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }

    /// The statements, for a schema, without the file's own BEGIN and COMMIT: whoever runs them has a transaction open.
    package func statements(for schema: SchemaName) -> [String] {
        var statements: [String] = []
        var statement = ""
        var isEmpty = true
        var words: [String] = []
        for piece in SQLScanner.pieces(of: schema.rewrite(self.sql)) {
            if piece.kind == .symbol && piece.text == ";" {
                if !isEmpty && words.first != "BEGIN" && words.first != "COMMIT" { statements.append(statement) }
                statement = ""
                isEmpty = true
                words = []
                continue
            }
            // Comments between statements are for the readers of the file; inside one they do no harm.
            if isEmpty && (piece.kind == .space || piece.kind == .comment) { continue }
            isEmpty = false
            if piece.kind == .word && words.isEmpty { words.append(piece.text.uppercased()) }
            statement += piece.text
        }
        return statements
    }
}

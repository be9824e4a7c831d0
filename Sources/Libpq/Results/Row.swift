// SPDX-License-Identifier: Apache-2.0

/// One row of a result.
public struct Row: Sendable {
    let handle: ResultHandle
    let index: Int

    /// How many columns the row has.
    public var count: Int { self.handle.columnCount }

    /// Reads the column at a position.
    ///
    /// - Throws: `decoding`, naming the column, its type and the wanted type, if the value cannot be read so.
    public func decode<T: PostgresDecodable>(_ column: Int, as type: T.Type = T.self) throws(PostgresError) -> T {
        guard column >= 0, column < self.handle.columnCount else {
            throw PostgresError(.decoding, "column \(column) was asked for; the row has \(self.handle.columnCount)")
        }
        do {
            guard let bytes = self.handle.bytes(row: self.index, column: column) else { return try T.decodeNull() }
            return try T.decode(PostgresValue(type: self.handle.type(column), bytes: bytes))
        } catch {
            let reason = (error as? PostgresError)?.message ?? "\(error)"
            var wrapped = PostgresError(.decoding, "column \"\(self.handle.name(column))\": \(reason)")
            wrapped.column = self.handle.name(column)
            wrapped.underlying = error is PostgresError ? (error as? PostgresError)?.underlying : error
            throw wrapped
        }
    }

    /// Reads the column with a name.
    ///
    /// - Throws: `decoding` if there is no such column, or the value cannot be read so.
    public func decode<T: PostgresDecodable>(_ column: String, as type: T.Type = T.self) throws(PostgresError) -> T {
        try self.decode(self.position(of: column), as: type)
    }

    /// Reads the first columns as a tuple: `row.decode((Int.self, String?.self))` is written `row.decode((Int, String?).self)`.
    public func decode<each T: PostgresDecodable>(_ types: (repeat each T).Type) throws(PostgresError) -> (
        repeat each T
    ) {
        var column = -1
        func next<U: PostgresDecodable>(_ type: U.Type) throws(PostgresError) -> U {
            column += 1
            return try self.decode(column, as: type)
        }
        return (repeat try next((each T).self))
    }

    /// Whether the column is NULL.
    ///
    /// Also true for a column that does not exist.
    public func isNull(_ column: Int) -> Bool {
        guard column >= 0, column < self.handle.columnCount else { return true }
        return self.handle.bytes(row: self.index, column: column) == nil
    }

    /// Calls `body` with the bytes of a column in their binary format (nil: NULL, or no such column).
    ///
    /// They must not be kept.
    public func withBytes<R>(_ column: Int, _ body: (UnsafeRawBufferPointer?) throws -> R) rethrows -> R {
        guard column >= 0, column < self.handle.columnCount else { return try body(nil) }
        return try body(self.handle.bytes(row: self.index, column: column))
    }

    private func position(of name: String) throws(PostgresError) -> Int {
        if let position = self.handle.index(of: name) { return position }
        let names = (0..<self.handle.columnCount).map { self.handle.name($0) }.joined(separator: ", ")
        throw PostgresError(.decoding, "there is no column \"\(name)\"; the columns are \(names)")
    }
}

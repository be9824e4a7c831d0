// SPDX-License-Identifier: Apache-2.0

/// The rows of one result, in memory until the last copy and the last row of it are gone.
public struct Rows: RandomAccessCollection, Sendable {
    /// A column of the result.
    public struct Column: Hashable, Sendable {
        /// The name, as the statement gave it.
        public let name: String
        /// The type.
        public let type: PostgresType
    }

    let handle: ResultHandle?

    init(_ handle: ResultHandle?) { self.handle = handle }

    /// The columns, in their order.
    public var columns: [Column] {
        guard let handle else { return [] }
        return (0..<handle.columnCount).map { Column(name: handle.name($0), type: handle.type($0)) }
    }

    /// 0.
    public var startIndex: Int { 0 }
    /// The number of rows.
    public var endIndex: Int { self.handle?.rowCount ?? 0 }

    /// The row at a position, which must exist.
    public subscript(position: Int) -> Row {
        guard let handle, position >= 0, position < handle.rowCount else {
            preconditionFailure("row \(position) of \(self.count)")
        }
        return Row(handle: handle, index: position)
    }
}

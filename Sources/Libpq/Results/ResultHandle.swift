// SPDX-License-Identifier: Apache-2.0

import CLibpq

#if canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#else
    import Glibc
#endif

/// Owns one `PGresult` of libpq.
///
/// `@unchecked Sendable`: a result is never changed after libpq has handed it out, and reading it is thread-safe.
final class ResultHandle: @unchecked Sendable {
    let pointer: OpaquePointer
    let rowCount: Int
    let columnCount: Int

    init(_ pointer: OpaquePointer) {
        self.pointer = pointer
        self.rowCount = Int(PQntuples(pointer))
        self.columnCount = Int(PQnfields(pointer))
    }

    deinit { PQclear(self.pointer) }

    func name(_ column: Int) -> String {
        PQfname(self.pointer, Int32(column)).map { String(cString: $0) } ?? ""
    }

    func type(_ column: Int) -> PostgresType {
        PostgresType(oid: PQftype(self.pointer, Int32(column)))
    }

    /// The first column with this name, which is compared as it is (libpq's own look-up folds case).
    func index(of name: String) -> Int? {
        (0..<self.columnCount).first { column in
            guard let candidate = PQfname(self.pointer, Int32(column)) else { return false }
            return name.withCString { strcmp($0, candidate) == 0 }
        }
    }

    /// The bytes of a value, or nil for NULL.
    ///
    /// Row and column must exist.
    func bytes(row: Int, column: Int) -> UnsafeRawBufferPointer? {
        let (row, column) = (Int32(row), Int32(column))
        guard PQgetisnull(self.pointer, row, column) == 0 else { return nil }
        return UnsafeRawBufferPointer(
            start: PQgetvalue(self.pointer, row, column),
            count: Int(PQgetlength(self.pointer, row, column))
        )
    }
}

// SPDX-License-Identifier: Apache-2.0

import CLibpq

/// What one statement of a pipeline answered.
public struct StatementResult: Sendable {
    /// The command tag, exactly as the server sent it: `SELECT 2`, `INSERT 0 3`, `COMMIT`, `ROLLBACK`.
    ///
    /// Empty for an empty statement.
    public let tag: String
    /// How many rows the statement inserted, changed, deleted or returned.
    public let affected: Int
    /// The rows that it returned.
    public let rows: Rows

    /// Takes over the result.
    init(owning pointer: OpaquePointer) {
        self.tag = PQcmdStatus(pointer).map { String(cString: $0) } ?? ""
        self.affected = PQcmdTuples(pointer).flatMap { Int(String(cString: $0)) } ?? 0
        if PQnfields(pointer) == 0 && PQntuples(pointer) == 0 {
            PQclear(pointer)
            self.rows = Rows(nil)
        } else {
            self.rows = Rows(ResultHandle(pointer))
        }
    }
}

// SPDX-License-Identifier: Apache-2.0

import CLibpq

extension PostgresError {
    /// The error that a result of the server holds.
    init(result: OpaquePointer) {
        func field(_ code: Int32) -> String? { PQresultErrorField(result, code).map { String(cString: $0) } }
        let message =
            field(Diagnostic.message) ?? PQresultErrorMessage(result).map { String(cString: $0).trimmed }
            ?? "unknown error"
        self.init(.server, message, sqlState: field(Diagnostic.sqlState))
        self.detail = field(Diagnostic.detail)
        self.hint = field(Diagnostic.hint)
        self.constraint = field(Diagnostic.constraint)
        self.table = field(Diagnostic.table)
        self.column = field(Diagnostic.column)
    }
}

extension PostgresError {
    /// Whether an error is the session's end: FATAL, PANIC, or made by libpq itself, which has no SQLSTATE.
    static func endsSession(_ result: OpaquePointer) -> Bool {
        guard PQresultErrorField(result, Diagnostic.sqlState) != nil else { return true }
        guard let severity = PQresultErrorField(result, Diagnostic.severity) else { return false }
        return ["FATAL", "PANIC"].contains(String(cString: severity))
    }
}

/// The letters that `<postgres_ext.h>` defines as character macros (`PG_DIAG_…`), which Swift does not import.
private enum Diagnostic {
    /// In English, whatever the server's language is.
    static let severity = Int32(UInt8(ascii: "V"))
    static let sqlState = Int32(UInt8(ascii: "C"))
    static let message = Int32(UInt8(ascii: "M"))
    static let detail = Int32(UInt8(ascii: "D"))
    static let hint = Int32(UInt8(ascii: "H"))
    static let constraint = Int32(UInt8(ascii: "n"))
    static let table = Int32(UInt8(ascii: "t"))
    static let column = Int32(UInt8(ascii: "c"))
}

extension String {
    /// Without white space and line ends at both ends.
    var trimmed: String {
        let isSpace: (Character) -> Bool = { $0.isWhitespace || $0.isNewline }
        guard let first = self.firstIndex(where: { !isSpace($0) }), let last = self.lastIndex(where: { !isSpace($0) })
        else { return "" }
        return String(self[first...last])
    }
}

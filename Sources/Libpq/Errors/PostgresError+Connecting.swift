// SPDX-License-Identifier: Apache-2.0

import CLibpq

extension PostgresError {
    /// Why libpq could not connect: where to, as whom, and the reason.
    init(connecting connection: OpaquePointer) {
        let said = PQerrorMessage(connection).map { String(cString: $0) } ?? ""
        let (reason, sqlState) = Self.reason(fromVerbose: said)
        self.init(
            .connectionFailed,
            "cannot connect to \(Self.place(connection)): \(reason)",
            sqlState: sqlState
        )
    }

    /// Where a connection leads to: database, user, host and port or socket.
    ///
    /// Never the password.
    static func place(_ connection: OpaquePointer) -> String {
        func text(_ pointer: UnsafeMutablePointer<CChar>?) -> String? {
            pointer.map { String(cString: $0) }.flatMap { $0.isEmpty ? nil : $0 }
        }
        var place = "database \"\(text(PQdb(connection)) ?? "")\" as user \"\(text(PQuser(connection)) ?? "")\""
        if let host = text(PQhost(connection)) {
            let port = text(PQport(connection)) ?? "5432"
            place += host.hasPrefix("/") ? " at socket \(host)/.s.PGSQL.\(port)" : " at \(host):\(port)"
        }
        return place
    }

    /// Takes libpq's verbose message apart: one line, without the place in the server's source, and the SQLSTATE.
    static func reason(fromVerbose message: String) -> (reason: String, sqlState: String?) {
        var sqlState: String?
        var lines: [String] = []
        for line in message.split(whereSeparator: \.isNewline) {
            // The words before the code are in the server's language; a location is `LOCATION:  routine, file.c:123`.
            if line.contains(".c:") && line.contains(", ") && !line.contains("failed: ") { continue }
            var line = String(line).trimmed
            if let (state, rest) = Self.splitState(line) {
                sqlState = state
                line = rest
            }
            lines.append(line)
        }
        return (lines.isEmpty ? "no reason was given" : lines.joined(separator: "; "), sqlState)
    }

    /// Splits `…FATAL:  53300: sorry` into the code and the line without it.
    private static func splitState(_ line: String) -> (state: String, rest: String)? {
        let parts = line.split(separator: ":  ", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2 else { return nil }
        let code = parts[1].prefix(5)
        let isCode = code.utf8.allSatisfy {
            (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0)
        }
        guard code.count == 5, isCode, parts[1].dropFirst(5).hasPrefix(": ") else { return nil }
        return (String(code), "\(parts[0]): \(parts[1].dropFirst(7))")
    }
}

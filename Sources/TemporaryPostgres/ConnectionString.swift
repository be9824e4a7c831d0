// SPDX-License-Identifier: Apache-2.0

import Foundation

/// A connection string of libpq whose database can be exchanged.
struct ConnectionString: Sendable {
    let text: String

    init(_ text: String) { self.text = text }

    /// The same server, another database.
    func with(database: String) -> String {
        guard self.text.hasPrefix("postgres://") || self.text.hasPrefix("postgresql://"),
            let scheme = self.text.range(of: "://")
        else {
            let quoted = database.replacing("\\", with: "\\\\").replacing("'", with: "\\'")
            // Of two equal keywords libpq takes the later one.
            return "\(self.text) dbname='\(quoted)'"
        }
        let rest = self.text[scheme.upperBound...]
        let query = rest.firstIndex(of: "?") ?? rest.endIndex
        let path = rest[..<query].firstIndex(of: "/") ?? query
        let escaped = database.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? database
        return "\(self.text[..<path])/\(escaped)\(self.text[query...])"
    }
}

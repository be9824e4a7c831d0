// SPDX-License-Identifier: Apache-2.0

/// A statement written as a string literal, in which interpolated values become parameters.
///
/// ```swift
/// let query: Query = "SELECT name FROM customer WHERE id = \(id) AND region = ANY(\(regions))"
/// ```
///
/// Values never become part of the text. `\(identifier:)` inserts a quoted name, and `\(unescaped:)` inserts text as it is.
public struct Query: Sendable, ExpressibleByStringInterpolation {
    /// The SQL, with `$1`, `$2` … where values were interpolated.
    public let sql: String
    /// The interpolated values.
    public let parameters: [Parameter]

    /// A query of a text and its parameters.
    public init(_ sql: String, parameters: [Parameter] = []) {
        self.sql = sql
        self.parameters = parameters
    }

    /// A query without parameters.
    public init(stringLiteral value: String) { self.init(value) }

    /// A query with parameters.
    public init(stringInterpolation: StringInterpolation) {
        self.init(stringInterpolation.sql, parameters: stringInterpolation.parameters)
    }

    /// Collects the pieces of the literal.
    public struct StringInterpolation: StringInterpolationProtocol, Sendable {
        var sql = ""
        var parameters: [Parameter] = []

        /// Makes room.
        public init(literalCapacity: Int, interpolationCount: Int) {
            self.sql.reserveCapacity(literalCapacity + 3 * interpolationCount)
            self.parameters.reserveCapacity(interpolationCount)
        }

        /// Appends a piece of SQL that stands in the source code.
        public mutating func appendLiteral(_ literal: String) { self.sql += literal }

        /// Appends a value as the next parameter.
        public mutating func appendInterpolation<T: PostgresEncodable>(_ value: T) {
            self.appendInterpolation(Parameter(value))
        }

        /// Appends a value, or NULL, as the next parameter.
        public mutating func appendInterpolation<T: PostgresEncodable>(_ value: T?) {
            self.appendInterpolation(Parameter(value))
        }

        /// Appends an encoded parameter.
        public mutating func appendInterpolation(_ parameter: Parameter) {
            self.parameters.append(parameter)
            self.sql += "$\(self.parameters.count)"
        }

        /// Appends a name, quoted: of a table, a column, a schema.
        public mutating func appendInterpolation(identifier: String) {
            self.sql += identifier.quotedIdentifier
        }

        /// Appends text as it is.
        ///
        /// Never pass text that came from outside.
        public mutating func appendInterpolation(unescaped sql: String) { self.sql += sql }
    }
}

extension String {
    /// The name in double quotes, as SQL wants it.
    var quotedIdentifier: String {
        var quoted = "\""
        for character in self.unicodeScalars {
            quoted.unicodeScalars.append(character)
            if character == "\"" { quoted.unicodeScalars.append(character) }
        }
        return quoted + "\""
    }
}

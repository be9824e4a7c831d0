// SPDX-License-Identifier: Apache-2.0

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// A `Codable` value as JSON: written as `jsonb`, read from `json` and `jsonb`.
///
/// ```swift
/// try await pool.execute("INSERT INTO profile (settings) VALUES (\(PostgresJSON(settings)))")
/// let settings = try row.decode("settings", as: PostgresJSON<Settings>.self).value
/// ```
public struct PostgresJSON<Value> {
    /// The value.
    public var value: Value

    /// Wraps a value.
    public init(_ value: Value) { self.value = value }
}

extension PostgresJSON: Sendable where Value: Sendable {}
extension PostgresJSON: Equatable where Value: Equatable {}
extension PostgresJSON: Hashable where Value: Hashable {}

extension PostgresJSON: PostgresEncodable where Value: Encodable {
    /// `jsonb`; for a `json` column write the cast: `\(PostgresJSON(value))::json`.
    public static var postgresType: PostgresType { .jsonb }

    /// Appends the version byte of `jsonb` and the document.
    public func encode(into bytes: inout [UInt8]) throws {
        bytes.append(1)
        bytes.append(contentsOf: try JSONEncoder().encode(self.value))
    }
}

extension PostgresJSON: PostgresDecodable where Value: Decodable {
    /// Reads `json`, `jsonb` or a text that holds JSON.
    public static func decode(_ value: PostgresValue) throws -> PostgresJSON<Value> {
        PostgresJSON(try JSONDecoder().decode(Value.self, from: Data(try value.jsonText())))
    }
}

// SPDX-License-Identifier: Apache-2.0

/// A `timestamp with time zone` exactly as Postgres has it, the infinities included.
public struct PostgresTimestamp: Hashable, Comparable, Sendable {
    /// Microseconds since 2000-01-01 00:00 UTC; `Int64.max` and `Int64.min` are the infinities.
    public var microseconds: Int64

    /// A timestamp of so many microseconds since 2000-01-01 00:00 UTC.
    public init(microseconds: Int64) { self.microseconds = microseconds }

    /// Later than every date.
    public static let infinity = PostgresTimestamp(microseconds: .max)
    /// Earlier than every date.
    public static let negativeInfinity = PostgresTimestamp(microseconds: .min)

    /// Whether it is one of the infinities.
    public var isInfinite: Bool { self == .infinity || self == .negativeInfinity }

    /// Earlier or later.
    public static func < (left: PostgresTimestamp, right: PostgresTimestamp) -> Bool {
        left.microseconds < right.microseconds
    }
}

extension PostgresTimestamp: PostgresEncodable, PostgresDecodable {
    /// `timestamp with time zone`.
    public static var postgresType: PostgresType { .timestamptz }
    /// Appends eight bytes.
    public func encode(into bytes: inout [UInt8]) { self.microseconds.appendBigEndian(to: &bytes) }
    /// The value inline, without a heap allocation.
    public var postgresParameter: Parameter { Parameter(inline: self.microseconds, type: .timestamptz) }

    /// Reads a `timestamptz` or a `timestamp`.
    public static func decode(_ value: PostgresValue) throws -> PostgresTimestamp {
        guard value.type == .timestamptz || value.type == .timestamp else {
            throw value.mismatch(PostgresTimestamp.self)
        }
        return PostgresTimestamp(microseconds: try value.integer(Int64.self))
    }
}

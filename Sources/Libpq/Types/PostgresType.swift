// SPDX-License-Identifier: Apache-2.0

/// A type of Postgres, by its object id.
public struct PostgresType: Hashable, Sendable {
    /// The object id; the ids of the built-in types are the same on every server.
    public let oid: UInt32

    /// A type by its object id, for instance one of an extension.
    public init(oid: UInt32) { self.oid = oid }

    /// Left to the server, which infers it from the statement.
    public static let inferred = PostgresType(oid: 0)
    /// `boolean`.
    public static let bool = PostgresType(oid: 16)
    /// `bytea`.
    public static let bytea = PostgresType(oid: 17)
    /// `"char"`, one byte.
    public static let char = PostgresType(oid: 18)
    /// `name`, an identifier.
    public static let name = PostgresType(oid: 19)
    /// `bigint`.
    public static let int8 = PostgresType(oid: 20)
    /// `smallint`.
    public static let int2 = PostgresType(oid: 21)
    /// `integer`.
    public static let int4 = PostgresType(oid: 23)
    /// `text`.
    public static let text = PostgresType(oid: 25)
    /// `oid`.
    public static let oid = PostgresType(oid: 26)
    /// `json`.
    public static let json = PostgresType(oid: 114)
    /// `real`.
    public static let float4 = PostgresType(oid: 700)
    /// `double precision`.
    public static let float8 = PostgresType(oid: 701)
    /// `unknown`, an untyped literal.
    public static let unknown = PostgresType(oid: 705)
    /// `character(n)`.
    public static let bpchar = PostgresType(oid: 1042)
    /// `character varying`.
    public static let varchar = PostgresType(oid: 1043)
    /// `date`.
    public static let date = PostgresType(oid: 1082)
    /// `timestamp without time zone`.
    public static let timestamp = PostgresType(oid: 1114)
    /// `timestamp with time zone`.
    public static let timestamptz = PostgresType(oid: 1184)
    /// `interval`.
    public static let interval = PostgresType(oid: 1186)
    /// `numeric`.
    public static let numeric = PostgresType(oid: 1700)
    /// `void`, what a function without a result returns.
    public static let void = PostgresType(oid: 2278)
    /// `uuid`.
    public static let uuid = PostgresType(oid: 2950)
    /// `jsonb`.
    public static let jsonb = PostgresType(oid: 3802)
}

extension PostgresType: CustomStringConvertible {
    private struct Facts {
        let name: String
        let array: UInt32
    }

    private static let known: [UInt32: Facts] = [
        16: Facts(name: "boolean", array: 1000), 17: Facts(name: "bytea", array: 1001),
        18: Facts(name: "\"char\"", array: 1002), 19: Facts(name: "name", array: 1003),
        20: Facts(name: "bigint", array: 1016), 21: Facts(name: "smallint", array: 1005),
        23: Facts(name: "integer", array: 1007), 25: Facts(name: "text", array: 1009),
        26: Facts(name: "oid", array: 1028), 114: Facts(name: "json", array: 199),
        700: Facts(name: "real", array: 1021), 701: Facts(name: "double precision", array: 1022),
        705: Facts(name: "unknown", array: 0), 1042: Facts(name: "character", array: 1014),
        1043: Facts(name: "character varying", array: 1015), 1082: Facts(name: "date", array: 1182),
        1114: Facts(name: "timestamp without time zone", array: 1115),
        1184: Facts(name: "timestamp with time zone", array: 1185), 1186: Facts(name: "interval", array: 1187),
        1700: Facts(name: "numeric", array: 1231), 2278: Facts(name: "void", array: 0),
        2950: Facts(name: "uuid", array: 2951), 3802: Facts(name: "jsonb", array: 3807),
    ]

    private static let elements: [UInt32: UInt32] = Dictionary(
        known.compactMap { $0.value.array == 0 ? nil : ($0.value.array, $0.key) },
        uniquingKeysWith: { $1 }
    )

    /// The array type with this element, or ``inferred`` for a type that this driver does not know.
    public var array: PostgresType { PostgresType(oid: Self.known[self.oid]?.array ?? 0) }

    /// The element type of this array type, or nil if it is no array type that this driver knows.
    public var element: PostgresType? { Self.elements[self.oid].map(PostgresType.init(oid:)) }

    /// The type's SQL name, or its object id.
    public var description: String {
        if let facts = Self.known[self.oid] { return facts.name }
        if let element { return "\(element)[]" }
        return self.oid == 0 ? "an inferred type" : "the type with oid \(self.oid)"
    }

    /// Whether this driver knows the type, or the type of its elements.
    var isKnown: Bool { Self.known[self.oid] != nil || Self.elements[self.oid] != nil }

    /// Types whose binary form is their text, so that the one may be sent where the other was declared.
    var isTextual: Bool {
        switch self {
        case .text, .varchar, .bpchar, .name, .json, .unknown: true
        default: false
        }
    }
}

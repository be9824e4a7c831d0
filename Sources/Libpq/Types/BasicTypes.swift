// SPDX-License-Identifier: Apache-2.0

extension Bool: PostgresEncodable, PostgresDecodable {
    /// `boolean`.
    public static var postgresType: PostgresType { .bool }
    /// Appends one byte.
    public func encode(into bytes: inout [UInt8]) { bytes.append(self ? 1 : 0) }
    /// The value inline, without a heap allocation.
    public var postgresParameter: Parameter { Parameter(inline: UInt8(self ? 1 : 0), type: .bool) }
    /// Reads a `boolean`.
    public static func decode(_ value: PostgresValue) throws -> Bool {
        guard value.type == .bool else { throw value.mismatch(Bool.self) }
        return try value.integer(UInt8.self) != 0
    }
}

extension Float: PostgresEncodable, PostgresDecodable {
    /// `real`.
    public static var postgresType: PostgresType { .float4 }
    /// Appends four bytes.
    public func encode(into bytes: inout [UInt8]) { self.bitPattern.appendBigEndian(to: &bytes) }
    /// The value inline, without a heap allocation.
    public var postgresParameter: Parameter { Parameter(inline: self.bitPattern, type: .float4) }
    /// Reads a `real`.
    ///
    /// A `double precision` would lose digits and is refused.
    public static func decode(_ value: PostgresValue) throws -> Float {
        guard value.type == .float4 else { throw value.mismatch(Float.self) }
        return Float(bitPattern: try value.integer(UInt32.self))
    }
}

extension Double: PostgresEncodable, PostgresDecodable {
    /// `double precision`.
    public static var postgresType: PostgresType { .float8 }
    /// Appends eight bytes.
    public func encode(into bytes: inout [UInt8]) { self.bitPattern.appendBigEndian(to: &bytes) }
    /// The value inline, without a heap allocation.
    public var postgresParameter: Parameter { Parameter(inline: self.bitPattern, type: .float8) }
    /// Reads a `double precision` or a `real`.
    public static func decode(_ value: PostgresValue) throws -> Double {
        switch value.type {
        case .float8: Double(bitPattern: try value.integer(UInt64.self))
        case .float4: Double(Float(bitPattern: try value.integer(UInt32.self)))
        default: throw value.mismatch(Double.self)
        }
    }
}

extension String: PostgresEncodable, PostgresDecodable {
    /// `text`.
    ///
    /// Where another type is wanted (an enum, `json`), write the cast: `\(value)::mood`.
    public static var postgresType: PostgresType { .text }
    /// Appends the text in UTF-8.
    public func encode(into bytes: inout [UInt8]) { bytes.append(contentsOf: self.utf8) }
    /// The string itself; it is handed to the server without a copy of its own.
    public var postgresParameter: Parameter { Parameter(text: self) }

    /// Reads every type whose binary form is text: `text`, `varchar`, `char(n)`, `name`, `json`, `jsonb`, enums.
    public static func decode(_ value: PostgresValue) throws -> String {
        var bytes = value.bytes
        switch value.type {
        case .text, .varchar, .bpchar, .name, .json, .unknown, .char: break
        case .jsonb: bytes = try value.jsonText()
        // An enum, a domain or a type of an extension; a built-in type that is no text is refused.
        case let type where type.oid >= 16_384: break
        case .void: return ""
        default: throw value.mismatch(String.self)
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw PostgresError(.decoding, "\(value.type) holds bytes that are not UTF-8")
        }
        return text
    }
}

extension PostgresValue {
    /// The text of a `json`, `jsonb` (whose binary form begins with a version byte) or text value.
    func jsonText() throws -> UnsafeRawBufferPointer {
        switch self.type {
        case .jsonb:
            guard self.bytes.first == 1 else {
                throw PostgresError(.decoding, "jsonb of a version that this driver does not know")
            }
            return UnsafeRawBufferPointer(rebasing: self.bytes.dropFirst())
        case .json, .text, .varchar: return self.bytes
        default: throw PostgresError(.decoding, "\(self.type) is no JSON")
        }
    }
}

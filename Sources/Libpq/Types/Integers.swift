// SPDX-License-Identifier: Apache-2.0

extension PostgresValue {
    /// An integer of any width as any other, if the value fits.
    func narrowed<T: FixedWidthInteger>(to type: T.Type) throws -> T {
        let wide: Int64
        switch self.type {
        case .int2: wide = Int64(try self.integer(Int16.self))
        case .int4: wide = Int64(try self.integer(Int32.self))
        case .int8: wide = try self.integer(Int64.self)
        case .oid: wide = Int64(try self.integer(UInt32.self))
        default: throw self.mismatch(type)
        }
        guard let narrow = T(exactly: wide) else {
            throw PostgresError(.decoding, "the \(self.type) \(wide) does not fit into \(T.self)")
        }
        return narrow
    }
}

extension FixedWidthInteger {
    /// Appends the integer in network byte order.
    func appendBigEndian(to bytes: inout [UInt8]) {
        withUnsafeBytes(of: self.bigEndian) { bytes.append(contentsOf: $0) }
    }
}

extension Int16: PostgresEncodable, PostgresDecodable {
    /// `smallint`.
    public static var postgresType: PostgresType { .int2 }
    /// Appends two bytes.
    public func encode(into bytes: inout [UInt8]) { self.appendBigEndian(to: &bytes) }
    /// The value inline, without a heap allocation.
    public var postgresParameter: Parameter { Parameter(inline: self, type: .int2) }
    /// Reads any integer that fits.
    public static func decode(_ value: PostgresValue) throws -> Int16 { try value.narrowed(to: Int16.self) }
}

extension Int32: PostgresEncodable, PostgresDecodable {
    /// `integer`.
    public static var postgresType: PostgresType { .int4 }
    /// Appends four bytes.
    public func encode(into bytes: inout [UInt8]) { self.appendBigEndian(to: &bytes) }
    /// The value inline, without a heap allocation.
    public var postgresParameter: Parameter { Parameter(inline: self, type: .int4) }
    /// Reads any integer that fits.
    public static func decode(_ value: PostgresValue) throws -> Int32 { try value.narrowed(to: Int32.self) }
}

extension Int64: PostgresEncodable, PostgresDecodable {
    /// `bigint`.
    public static var postgresType: PostgresType { .int8 }
    /// Appends eight bytes.
    public func encode(into bytes: inout [UInt8]) { self.appendBigEndian(to: &bytes) }
    /// The value inline, without a heap allocation.
    public var postgresParameter: Parameter { Parameter(inline: self, type: .int8) }
    /// Reads any integer that fits.
    public static func decode(_ value: PostgresValue) throws -> Int64 { try value.narrowed(to: Int64.self) }
}

extension Int: PostgresEncodable, PostgresDecodable {
    /// `bigint`.
    public static var postgresType: PostgresType { .int8 }
    /// Appends eight bytes.
    public func encode(into bytes: inout [UInt8]) { Int64(self).appendBigEndian(to: &bytes) }
    /// The value inline, without a heap allocation.
    public var postgresParameter: Parameter { Parameter(inline: Int64(self), type: .int8) }
    /// Reads any integer that fits.
    public static func decode(_ value: PostgresValue) throws -> Int { try value.narrowed(to: Int.self) }
}

extension UInt32: PostgresEncodable, PostgresDecodable {
    /// `oid`.
    public static var postgresType: PostgresType { .oid }
    /// Appends four bytes.
    public func encode(into bytes: inout [UInt8]) { self.appendBigEndian(to: &bytes) }
    /// The value inline, without a heap allocation.
    public var postgresParameter: Parameter { Parameter(inline: self, type: .oid) }
    /// Reads any integer that fits.
    public static func decode(_ value: PostgresValue) throws -> UInt32 { try value.narrowed(to: UInt32.self) }
}

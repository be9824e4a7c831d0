// SPDX-License-Identifier: Apache-2.0

/// A Swift type that values of rows can be read as.
public protocol PostgresDecodable {
    /// Reads a value that is not NULL.
    static func decode(_ value: PostgresValue) throws -> Self
    /// What NULL is read as. The default is an error; `Optional` answers `nil`.
    static func decodeNull() throws -> Self
}

extension PostgresDecodable {
    /// Refuses: only an `Optional` can hold NULL.
    public static func decodeNull() throws -> Self {
        throw PostgresError(.decoding, "it is NULL; read it as \(Self.self)?")
    }
}

extension Optional: PostgresDecodable where Wrapped: PostgresDecodable {
    /// Reads the wrapped type.
    public static func decode(_ value: PostgresValue) throws -> Wrapped? { try Wrapped.decode(value) }
    /// Nil.
    public static func decodeNull() throws -> Wrapped? { nil }
}

/// One value of a row in Postgres' binary format.
///
/// The bytes are valid only while the value is being decoded.
public struct PostgresValue {
    /// The type of the column, or of the array's element.
    public let type: PostgresType
    /// The value's bytes.
    public let bytes: UnsafeRawBufferPointer

    /// A value over borrowed bytes.
    public init(type: PostgresType, bytes: UnsafeRawBufferPointer) {
        self.type = type
        self.bytes = bytes
    }

    /// The error of a type that cannot be read from this one.
    public func mismatch<T>(_ type: T.Type) -> PostgresError {
        PostgresError(.decoding, "\(self.type) cannot be read as \(T.self)")
    }

    /// The big-endian integer at an offset.
    func integer<T: FixedWidthInteger>(_ type: T.Type, at offset: Int = 0) throws -> T {
        guard offset >= 0, offset + MemoryLayout<T>.size <= self.bytes.count else {
            throw PostgresError(.decoding, "\(self.bytes.count) bytes are too few for \(self.type)")
        }
        return T(bigEndian: self.bytes.loadUnaligned(fromByteOffset: offset, as: T.self))
    }
}

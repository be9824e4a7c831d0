// SPDX-License-Identifier: Apache-2.0

extension Array: PostgresEncodable where Element: PostgresEncodable {
    /// The array of the element's type; `bytea` for bytes.
    public static var postgresType: PostgresType { Element.postgresType.arrayOrBytes }

    /// Appends a one-dimensional array, whose elements may be NULL; bytes as they are.
    public func encode(into bytes: inout [UInt8]) throws {
        // An empty array of anything would pass as one of bytes.
        if Element.self == UInt8.self, let own = self as? [UInt8] {
            bytes.append(contentsOf: own)
            return
        }
        // Dimensions, whether there are NULLs, the element's type; then for each dimension its length and lower bound.
        UInt32(self.isEmpty ? 0 : 1).appendBigEndian(to: &bytes)
        UInt32(self.contains { $0.isPostgresNull } ? 1 : 0).appendBigEndian(to: &bytes)
        Element.postgresType.oid.appendBigEndian(to: &bytes)
        guard !self.isEmpty else { return }
        guard let count = UInt32(exactly: self.count) else {
            throw PostgresError(.encoding, "an array of \(self.count) elements is too long")
        }
        count.appendBigEndian(to: &bytes)
        UInt32(1).appendBigEndian(to: &bytes)
        for element in self {
            if element.isPostgresNull {
                UInt32.max.appendBigEndian(to: &bytes)
                continue
            }
            let position = bytes.count
            UInt32(0).appendBigEndian(to: &bytes)
            try element.encode(into: &bytes)
            guard let length = Int32(exactly: bytes.count - position - 4) else {
                throw PostgresError(.encoding, "an element of the array is too long")
            }
            bytes.withUnsafeMutableBytes {
                $0.storeBytes(of: length.bigEndian, toByteOffset: position, as: Int32.self)
            }
        }
    }
}

extension Array: PostgresDecodable where Element: PostgresDecodable {
    /// Reads a one-dimensional array, or a `bytea` as bytes.
    ///
    /// NULL elements need an optional element type.
    public static func decode(_ value: PostgresValue) throws -> [Element] {
        if value.type == .bytea, Element.self == UInt8.self, let bytes = [UInt8](value.bytes) as? [Element] {
            return bytes
        }
        let dimensions = try self.dimensions(value)
        guard dimensions > 0 else { return [] }
        guard dimensions == 1 else {
            throw PostgresError(.decoding, "the array has \(dimensions) dimensions; only one can be read")
        }
        let element = PostgresType(oid: try value.integer(UInt32.self, at: 8))
        let count = Int(try value.integer(Int32.self, at: 12))
        var elements: [Element] = []
        elements.reserveCapacity(Swift.min(Swift.max(0, count), value.bytes.count / 4))
        var offset = 20
        for index in 0..<Swift.max(0, count) {
            let length = Int(try value.integer(Int32.self, at: offset))
            offset += 4
            do {
                guard length >= 0 else {
                    elements.append(try Element.decodeNull())
                    continue
                }
                guard offset + length <= value.bytes.count else {
                    throw PostgresError(.decoding, "the array is cut off")
                }
                let bytes = UnsafeRawBufferPointer(rebasing: value.bytes[offset..<offset + length])
                elements.append(try Element.decode(PostgresValue(type: element, bytes: bytes)))
                offset += length
            } catch let error as PostgresError {
                throw PostgresError(.decoding, "element \(index): \(error.message)", underlying: error.underlying)
            }
        }
        return elements
    }

    /// The number of dimensions; refuses what is no array.
    private static func dimensions(_ value: PostgresValue) throws -> Int {
        // Arrays of types that this driver does not know are told from scalars by their own header.
        let isKnown = value.type.element != nil
        guard isKnown || (!value.type.isKnown && value.bytes.count >= 12) else { throw value.mismatch([Element].self) }
        let dimensions = Int(try value.integer(Int32.self))
        let flags = try value.integer(Int32.self, at: 4)
        guard (0...6).contains(dimensions), flags == 0 || flags == 1 else { throw value.mismatch([Element].self) }
        return dimensions
    }
}

/// One byte: the element of `bytea` as `[UInt8]`, and the type `"char"` by itself.
extension UInt8: PostgresEncodable, PostgresDecodable {
    /// `"char"`.
    public static var postgresType: PostgresType { .char }
    /// Appends the byte.
    public func encode(into bytes: inout [UInt8]) { bytes.append(self) }
    /// Reads a `"char"`.
    public static func decode(_ value: PostgresValue) throws -> UInt8 {
        guard value.type == .char else { throw value.mismatch(UInt8.self) }
        return try value.integer(UInt8.self)
    }
}

extension PostgresType {
    /// Bytes travel as `bytea`, not as an array of `"char"`.
    fileprivate var arrayOrBytes: PostgresType { self == .char ? .bytea : self.array }
}

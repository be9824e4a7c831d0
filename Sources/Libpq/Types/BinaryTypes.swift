// SPDX-License-Identifier: Apache-2.0

#if canImport(FoundationEssentials)
    public import FoundationEssentials
#else
    public import Foundation
#endif

extension Data: PostgresEncodable, PostgresDecodable {
    /// `bytea`.
    public static var postgresType: PostgresType { .bytea }
    /// Appends the bytes.
    public func encode(into bytes: inout [UInt8]) { bytes.append(contentsOf: self) }
    /// Reads a `bytea`.
    public static func decode(_ value: PostgresValue) throws -> Data {
        guard value.type == .bytea else { throw value.mismatch(Data.self) }
        return Data(value.bytes)
    }
}

extension UUID: PostgresEncodable, PostgresDecodable {
    /// `uuid`.
    public static var postgresType: PostgresType { .uuid }
    /// Appends sixteen bytes.
    public func encode(into bytes: inout [UInt8]) {
        withUnsafeBytes(of: self.uuid) { bytes.append(contentsOf: $0) }
    }
    /// Reads a `uuid`.
    public static func decode(_ value: PostgresValue) throws -> UUID {
        guard value.type == .uuid else { throw value.mismatch(UUID.self) }
        guard value.bytes.count == 16 else { throw PostgresError(.decoding, "a uuid has 16 bytes") }
        return UUID(uuid: value.bytes.loadUnaligned(as: uuid_t.self))
    }
}

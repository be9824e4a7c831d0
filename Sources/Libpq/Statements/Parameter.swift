// SPDX-License-Identifier: Apache-2.0

/// One parameter of a statement, encoded in Postgres' binary format.
public struct Parameter: Sendable {
    enum Storage: Sendable {
        case null
        /// Up to eight bytes, in memory order from the first byte on.
        case inline(UInt64, count: Int)
        case text(String)
        case bytes([UInt8])
        /// The value could not be encoded; the request that holds it fails with this error.
        indirect case invalid(PostgresError)
    }

    /// The type that the server is told.
    public let type: PostgresType
    let storage: Storage

    /// Encodes a value.
    ///
    /// If that fails, the request that the parameter is used in fails, before anything is sent.
    public init<T: PostgresEncodable>(_ value: T) { self = value.postgresParameter }

    /// A parameter from bytes that are already in the type's binary format.
    public init(bytes: [UInt8], type: PostgresType) {
        self.type = type
        self.storage = .bytes(bytes)
    }

    /// A text, also one that stands for another textual type (`json`, an enum).
    public init(text: String, type: PostgresType = .text) {
        self.type = type
        self.storage = .text(text)
    }

    /// NULL.
    public static func null(_ type: PostgresType) -> Parameter { Parameter(type: type, storage: .null) }

    init(invalid error: PostgresError, type: PostgresType) {
        self.init(type: type, storage: .invalid(error))
    }

    init<T: FixedWidthInteger>(inline value: T, type: PostgresType) {
        var word: UInt64 = 0
        withUnsafeMutableBytes(of: &word) { $0.storeBytes(of: value.bigEndian, as: T.self) }
        self.init(type: type, storage: .inline(word, count: MemoryLayout<T>.size))
    }

    private init(type: PostgresType, storage: Storage) {
        self.type = type
        self.storage = storage
    }

    /// How many bytes the value has; 0 for NULL.
    public var count: Int {
        switch self.storage {
        case .null, .invalid: 0
        case .inline(_, let count): count
        case .text(let text): text.utf8.count
        case .bytes(let bytes): bytes.count
        }
    }
}

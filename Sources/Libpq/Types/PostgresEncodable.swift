// SPDX-License-Identifier: Apache-2.0

/// A Swift type whose values can be parameters of a statement.
public protocol PostgresEncodable {
    /// The type that the server is told.
    static var postgresType: PostgresType { get }
    /// Whether this value is sent as NULL.
    var isPostgresNull: Bool { get }
    /// Appends the value in Postgres' binary format. Not called for NULL.
    func encode(into bytes: inout [UInt8]) throws
    /// The value as a parameter. The default encodes it; a conforming type can provide a cheaper form.
    var postgresParameter: Parameter { get }
}

extension PostgresEncodable {
    /// False, unless the type says otherwise.
    public var isPostgresNull: Bool { false }

    /// The encoded value; an error of encoding is kept, and fails the request that the parameter is used in.
    public var postgresParameter: Parameter {
        if self.isPostgresNull { return .null(Self.postgresType) }
        var bytes: [UInt8] = []
        do {
            try self.encode(into: &bytes)
        } catch let error as PostgresError {
            return Parameter(invalid: error, type: Self.postgresType)
        } catch {
            let words = "a \(Self.self) cannot be sent as \(Self.postgresType): \(error)"
            return Parameter(invalid: PostgresError(.encoding, words, underlying: error), type: Self.postgresType)
        }
        return Parameter(bytes: bytes, type: Self.postgresType)
    }
}

extension Optional: PostgresEncodable where Wrapped: PostgresEncodable {
    /// The type of the wrapped value.
    public static var postgresType: PostgresType { Wrapped.postgresType }

    /// True for `nil`.
    public var isPostgresNull: Bool { self?.isPostgresNull ?? true }

    /// Appends the wrapped value.
    public func encode(into bytes: inout [UInt8]) throws { try self?.encode(into: &bytes) }

    /// The wrapped value as a parameter, or NULL.
    public var postgresParameter: Parameter { self?.postgresParameter ?? .null(Wrapped.postgresType) }
}

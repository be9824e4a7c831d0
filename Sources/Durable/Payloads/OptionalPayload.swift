// SPDX-License-Identifier: Apache-2.0

/// An optional as a whole payload.
///
/// `Codable` writes `nil` and `.some(nil)` of an `Int??` alike; a step's result must tell them apart.
protocol OptionalPayload {
    /// Writes the optional, one that holds an optional as an array of one.
    func write(nestedTo writer: JSONWriter) throws
    /// Reads it back; nil if `Value` is not this type.
    static func read<Value>(nestedFrom json: ArraySlice<UInt8>) throws -> Value?
}

extension Optional: OptionalPayload where Wrapped: Codable {
    private static var holdsOptional: Bool { Wrapped.self is any OptionalPayload.Type }

    func write(nestedTo writer: JSONWriter) throws {
        guard Self.holdsOptional, let wrapped = self else { return try writer.write(self) }
        writer.bytes.append(UInt8(ascii: "["))
        try (wrapped as? any OptionalPayload)?.write(nestedTo: writer)
        writer.bytes.append(UInt8(ascii: "]"))
    }

    static func read<Value>(nestedFrom json: ArraySlice<UInt8>) throws -> Value? {
        // Of the same type, so this copies: a cast between optionals of different depths would flatten them.
        guard Value.self == Self.self else { return nil }
        return try self.read(json) as? Value
    }

    private static func read(_ json: ArraySlice<UInt8>) throws -> Self {
        guard Self.holdsOptional, !json.elementsEqual(JSONText.null) else {
            return try PayloadCoder.value(Self.self, json)
        }
        guard json.first == UInt8(ascii: "["), json.last == UInt8(ascii: "]"), json.count > 2 else {
            throw DecodingError.dataCorrupted(DecodingError.Context(codingPath: [], debugDescription: ""))
        }
        guard let wrapped = Wrapped.self as? any OptionalPayload.Type,
            let value: Wrapped = try wrapped.read(nestedFrom: json.dropFirst().dropLast())
        else { return nil }
        return .some(value)
    }
}

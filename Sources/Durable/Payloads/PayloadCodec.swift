// SPDX-License-Identifier: Apache-2.0

/// Turns the bytes of payloads into others and back: compresses them, encrypts them, or anything else that is exact.
///
/// ```swift
/// struct Reversed: PayloadCodec {
///     let name = "reversed"
///
///     func encode(_ bytes: [UInt8]) throws -> EncodedPayload? { EncodedPayload(bytes.reversed()) }
///     func decode(_ bytes: [UInt8], key: String?) throws -> [UInt8] { bytes.reversed() }
/// }
/// ```
public protocol PayloadCodec: Sendable {
    /// What it is called in the database: 1 to 32 lower-case letters, digits and hyphens, never changed.
    var name: String { get }

    /// Encodes the JSON text of a payload, or what the codec before it has made of that.
    ///
    /// - Parameter bytes: The text in UTF-8, or those bytes.
    /// - Returns: The bytes, and the id of the key that they need; nil where this payload is better left as it is.
    /// - Throws: What the step throws then: nothing is recorded in plain text instead.
    func encode(_ bytes: [UInt8]) throws -> EncodedPayload?

    /// Gives back what was encoded.
    ///
    /// - Parameters:
    ///   - bytes: What `encode` has made.
    ///   - key: The id of the key that it was encoded with, if it was with one.
    /// - Returns: What `encode` was given.
    /// - Throws: ``PayloadCodecFailure`` in words that hold no payload; of another error only the type is told.
    func decode(_ bytes: [UInt8], key: String?) throws -> [UInt8]
}

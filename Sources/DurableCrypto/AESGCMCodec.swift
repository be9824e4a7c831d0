// SPDX-License-Identifier: Apache-2.0

public import Crypto
public import Durable

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Encrypts payloads with AES-GCM, under keys that have ids and can be changed while workflows are under way.
///
/// ```swift
/// let keys = ["2025-07": old, "2026-01": new]
/// options.codecs = try PayloadCodecs([AESGCMCodec(keys: keys, current: "2026-01")])
/// ```
///
/// To change the key, add the new one to every process first, then make it the current one. An old key is needed for as long as
/// the database holds something that was written under it: `SELECT DISTINCT encoding FROM durable.payloads` says so.
///
/// A payload is bound to the id of its key, and a change of one bit is found out; it is not bound to its row, so that a
/// workflow can be forked and restored under another id. Who can read the database still sees names, times, sizes, the types of
/// errors, and fingerprints of inputs (`InputCheck.ignored` where an input can be guessed).
public struct AESGCMCodec: PayloadCodec {
    /// `aes-gcm`.
    public let name = "aes-gcm"
    private let keys: [String: SymmetricKey]
    private let current: String
    private let key: SymmetricKey

    /// Makes a codec.
    ///
    /// - Parameters:
    ///   - keys: The keys by their ids: of 128, 192 or 256 bits. An id is never given to another key.
    ///   - current: The id of the key to encrypt with.
    /// - Throws: `DurableError` (`invalidConfiguration`) when the current key is not among them, or one has another size.
    public init(keys: [String: SymmetricKey], current: String) throws {
        guard let key = keys[current] else {
            throw DurableError(.invalidConfiguration, "the current key \"\(current)\" is not among the keys")
        }
        for (id, key) in keys where ![128, 192, 256].contains(key.bitCount) {
            throw DurableError(
                .invalidConfiguration,
                "the key \"\(id)\" has \(key.bitCount) bits; keys of AES have 128, 192 or 256"
            )
        }
        self.keys = keys
        self.current = current
        self.key = key
    }

    /// Encrypts bytes under the current key.
    public func encode(_ bytes: [UInt8]) throws -> EncodedPayload? {
        let box = try AES.GCM.seal(bytes, using: self.key, authenticating: Self.context(of: self.current))
        // A nonce of 96 bits is always combined.
        guard let combined = box.combined else { throw PayloadCodecFailure("AES-GCM has made no combined text") }
        return EncodedPayload([UInt8](combined), key: self.current)
    }

    /// Decrypts bytes, under whichever key they were encrypted.
    public func decode(_ bytes: [UInt8], key: String?) throws -> [UInt8] {
        guard let id = key else { throw PayloadCodecFailure("it names no key") }
        guard let key = self.keys[id] else {
            throw PayloadCodecFailure("the key \(id) is not among those of this process")
        }
        do {
            let box = try AES.GCM.SealedBox(combined: bytes)
            return [UInt8](try AES.GCM.open(box, using: key, authenticating: Self.context(of: id)))
        } catch {
            throw PayloadCodecFailure(
                "the key \(id) of this process does not open it: it is another key, or the text was changed"
            )
        }
    }

    private static func context(of key: String) -> [UInt8] { Array("swift-durable aes-gcm \(key)".utf8) }
}

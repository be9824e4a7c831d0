// SPDX-License-Identifier: Apache-2.0

/// How payloads are encoded before they are written, and decoded when they are read.
///
/// ```swift
/// var options = EngineOptions()
/// options.codecs = try PayloadCodecs([DeflateCodec(), AESGCMCodec(keys: keys, current: "2026-01")]) { codec, what in
///     codec.name != "aes-gcm" || what.name != "weather"
/// }
/// ```
///
/// An encoded payload is JSON still, and says by itself how it was encoded and under which key; a plain one is read as it is. So
/// codecs can be switched on, changed and switched off while workflows are under way, and SQL can go on to start workflows
/// with plain JSON. What is needed for reading is to be kept for as long as there is something to be read.
public struct PayloadCodecs: Sendable {
    private let codecs: [any PayloadCodec]
    private let applies: @Sendable (any PayloadCodec, PayloadSubject) -> Bool

    /// Makes a chain.
    ///
    /// - Parameters:
    ///   - codecs: In the order in which they are applied: compression before encryption.
    ///   - applies: Whether a codec is applied to a payload; by default each is, to all. It decides about writing only.
    /// - Throws: ``DurableError`` (`invalidConfiguration`) for two codecs of one name, or a name that cannot be one.
    public init(
        _ codecs: [any PayloadCodec],
        where applies: @escaping @Sendable (_ codec: any PayloadCodec, _ payload: PayloadSubject) -> Bool = { _, _ in
            true
        }
    ) throws {
        var names: Set<String> = []
        for codec in codecs {
            guard Self.isName(codec.name) else {
                throw DurableError(
                    .invalidConfiguration,
                    """
                    a payload codec is called \"\(codec.name)\"; its name must be 1 to 32 lower-case letters, digits and \
                    hyphens
                    """
                )
            }
            guard names.insert(codec.name).inserted else {
                throw DurableError(.invalidConfiguration, "two payload codecs are called \"\(codec.name)\"")
            }
        }
        self.codecs = codecs
        self.applies = applies
    }

    /// The JSON text of a payload as it stands in the database: for tools of a service that show payloads.
    ///
    /// - Parameter stored: The text of a `json` column; one that is not encoded is returned as it is.
    /// - Throws: ``DurableError`` (`undecodable`), which names the codec or the key that is missing, and never quotes a payload.
    public func decode(_ stored: String) throws -> String {
        let coder = PayloadCoder(codecs: self)
        do {
            return String(decoding: try coder.opened(Array(stored.utf8)), as: UTF8.self)
        } catch let problem as UnreadableEncoding {
            throw DurableError(.undecodable, "A recorded value cannot be read: \(problem).")
        }
    }

    // MARK: - For the coder

    /// Nil when no codec wants the payload.
    func encode(_ json: [UInt8], of subject: PayloadSubject) throws -> EncodedEnvelope? {
        var layers: [EncodedEnvelope.Layer] = []
        var bytes = json
        for codec in self.codecs where self.applies(codec, subject) {
            guard let encoded = try codec.encode(bytes) else { continue }
            if let key = encoded.key, !Self.isKey(key) {
                throw PayloadCodecFailure(
                    "the key id \"\(key)\" is not 1 to 64 letters, digits, dots, hyphens and underscores"
                )
            }
            layers.append(EncodedEnvelope.Layer(codec: codec.name, key: encoded.key))
            bytes = encoded.bytes
        }
        return layers.isEmpty ? nil : EncodedEnvelope(layers, bytes)
    }

    func decode(_ envelope: EncodedEnvelope) throws -> [UInt8] {
        var bytes = envelope.bytes
        for layer in envelope.layers.reversed() {
            guard let codec = self.codecs.first(where: { $0.name == layer.codec }) else {
                throw UnreadableEncoding(envelope, "this process has no codec \(layer.codec)")
            }
            do {
                bytes = try codec.decode(bytes, key: layer.key)
            } catch let failure as PayloadCodecFailure {
                throw UnreadableEncoding(envelope, failure.description)
            } catch {
                throw UnreadableEncoding(envelope, "its codec \(layer.codec) threw \(type(of: error))")
            }
        }
        return bytes
    }

    private static func isName(_ name: String) -> Bool {
        (1...32).contains(name.utf8.count)
            && name.utf8.allSatisfy {
                (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0)
                    || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0)
                    || $0 == UInt8(ascii: "-")
            }
    }

    private static func isKey(_ key: String) -> Bool {
        (1...64).contains(key.utf8.count)
            && key.unicodeScalars.allSatisfy {
                $0.isASCII
                    && ($0.properties.isAlphabetic || $0.properties.numericType != nil
                        || "._-".unicodeScalars.contains($0))
            }
    }
}

/// An encoded payload that this process cannot read; its words hold nothing of it.
struct UnreadableEncoding: Error, CustomStringConvertible {
    let description: String

    init(_ envelope: EncodedEnvelope, _ reason: String) {
        self.description = "it is encoded by \(envelope.words), and \(reason)"
    }

    init(noCodecsFor envelope: EncodedEnvelope) {
        self.init(envelope, "this process has no payload codecs")
    }

    static var damaged: UnreadableEncoding { UnreadableEncoding(words: "the envelope of its encoding is damaged") }

    private init(words: String) { self.description = words }
}

// SPDX-License-Identifier: Apache-2.0

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// How an encoded payload stands in a `json` column: `{"$durable":"encoded","by":"deflate aes-gcm:2026-01","value":"…"}`, the
/// codecs in the order in which they were applied, the bytes as base64.
struct EncodedEnvelope {
    /// A codec, and the key that it needs.
    struct Layer: Hashable {
        let codec: String
        let key: String?

        var words: String { self.key.map { "\(self.codec):\($0)" } ?? self.codec }
    }

    private static let opening = [UInt8](#"{"$durable":"encoded","by":""#.utf8)
    private static let middle = [UInt8](#"","value":""#.utf8)
    private static let closing = [UInt8](#""}"#.utf8)

    let layers: [Layer]
    let bytes: [UInt8]

    /// The codecs and keys as the views show them.
    var words: String { self.layers.map { $0.words }.joined(separator: " ") }

    init(_ layers: [Layer], _ bytes: [UInt8]) {
        self.layers = layers
        self.bytes = bytes
    }

    /// Whether a stored text is an envelope, or what is left of one.
    static func isOne(_ stored: [UInt8]) -> Bool { stored.starts(with: self.opening) }

    /// Nil if it is damaged.
    init?(_ stored: [UInt8]) {
        guard Self.isOne(stored), stored.suffix(Self.closing.count).elementsEqual(Self.closing) else { return nil }
        let rest = stored[Self.opening.count...]
        guard let end = rest.firstIndex(of: UInt8(ascii: "\"")), stored[end...].starts(with: Self.middle) else {
            return nil
        }
        let first = end + Self.middle.count
        let last = stored.count - Self.closing.count
        guard first <= last, let bytes = Data(base64Encoded: Data(stored[first..<last])) else { return nil }
        self.bytes = [UInt8](bytes)
        self.layers = rest[..<end].split(separator: UInt8(ascii: " ")).map { layer in
            let parts = layer.split(separator: UInt8(ascii: ":"), maxSplits: 1)
            return Layer(
                codec: parts.first.map { String(decoding: $0, as: UTF8.self) } ?? "",
                key: parts.count > 1 ? String(decoding: parts[1], as: UTF8.self) : nil
            )
        }
    }

    /// The text as it is stored.
    var stored: [UInt8] {
        Self.opening + Array(self.words.utf8) + Self.middle + Data(self.bytes).base64EncodedData() + Self.closing
    }
}

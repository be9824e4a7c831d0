// SPDX-License-Identifier: Apache-2.0

/// What a ``PayloadCodec`` has made of a payload.
public struct EncodedPayload: Sendable, Hashable {
    /// The encoded bytes.
    public var bytes: [UInt8]
    /// The id of the key that they need: 1 to 64 letters, digits, dots, hyphens and underscores; nil when they need none.
    public var key: String?

    /// Makes one.
    public init(_ bytes: [UInt8], key: String? = nil) {
        self.bytes = bytes
        self.key = key
    }
}

// SPDX-License-Identifier: Apache-2.0

/// Why a ``PayloadCodec`` cannot encode or decode a payload, in words for people: they are shown and recorded.
public struct PayloadCodecFailure: Error, Sendable, Hashable, CustomStringConvertible {
    /// Why, without anything of the payload: `the key 2026-01 is not among those of this process`.
    public let description: String

    /// Makes one.
    public init(_ words: String) { self.description = words }
}

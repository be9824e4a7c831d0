// SPDX-License-Identifier: Apache-2.0

import CZlib
public import Durable

/// Compresses payloads with zlib.
///
/// ```swift
/// options.codecs = try PayloadCodecs([DeflateCodec()])
/// ```
///
/// Postgres compresses long values by itself. This one pays off before encryption, since what is encrypted cannot be
/// compressed any more, and where the network counts.
public struct DeflateCodec: PayloadCodec {
    /// `deflate`.
    public let name = "deflate"
    private let threshold: Int
    private let limit: Int

    /// Makes a codec.
    ///
    /// - Parameters:
    ///   - threshold: Payloads of fewer bytes are left as they are.
    ///   - limit: What decompresses to more bytes than this is refused.
    public init(threshold: Int = 512, limit: Int = 64 << 20) {
        self.threshold = threshold
        self.limit = limit
    }

    /// Compresses bytes; nil where that would not make them fewer.
    public func encode(_ bytes: [UInt8]) throws -> EncodedPayload? {
        guard bytes.count >= self.threshold, let size = UInt32(exactly: bytes.count) else { return nil }
        var length = compressBound(uLong(bytes.count))
        var compressed = [UInt8](repeating: 0, count: Int(length))
        let status = compressed.withUnsafeMutableBufferPointer { target in
            bytes.withUnsafeBufferPointer { compress(target.baseAddress, &length, $0.baseAddress, uLong($0.count)) }
        }
        guard status == Z_OK else { throw PayloadCodecFailure("zlib cannot compress it (status \(status))") }
        // How long it was stands before it.
        guard Int(length) + 4 < bytes.count else { return nil }
        let header = (0..<4).map { UInt8(truncatingIfNeeded: size >> (24 - 8 * $0)) }
        return EncodedPayload(header + compressed[..<Int(length)])
    }

    /// Gives back what was compressed.
    public func decode(_ bytes: [UInt8], key: String?) throws -> [UInt8] {
        guard bytes.count > 4 else { throw PayloadCodecFailure("what was compressed is cut off") }
        let size = bytes[..<4].reduce(0) { $0 << 8 | Int($1) }
        guard size <= self.limit else {
            throw PayloadCodecFailure("it would be \(size) bytes, and the limit of this process is \(self.limit)")
        }
        var length = uLong(size)
        var plain = [UInt8](repeating: 0, count: size)
        let status = plain.withUnsafeMutableBufferPointer { target in
            bytes[4...].withUnsafeBufferPointer {
                uncompress(target.baseAddress, &length, $0.baseAddress, uLong($0.count))
            }
        }
        guard status == Z_OK, Int(length) == size else {
            throw PayloadCodecFailure("what was compressed is damaged (status \(status))")
        }
        return plain
    }
}

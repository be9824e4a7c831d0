// SPDX-License-Identifier: Apache-2.0

/// The key that a step hands to other services so that they do its work once: `checkout-7/parallel@2[1]/3`.
///
/// Workflow id, scope (left out where it is the workflow itself), position, and the part if a step does several things
/// (`checkout-7/3:email`). What is not printable ASCII, and `/` and `%` in id and part, is percent-encoded, so the key may be an HTTP
/// header and two different places never share one. A key of more than 255 bytes is its beginning, `~` and the SHA-256 of the
/// whole in hexadecimal.
package enum IdempotencyKey {
    /// The most bytes of a key.
    package static let limit = 255

    /// The key of one step, the same for every attempt and in every process.
    ///
    /// - Parameter generation: How often the workflow has begun anew; then the number follows the id, after two slashes.
    package static func text(
        workflow id: String,
        generation: Int32 = 0,
        scope: String,
        position: some FixedWidthInteger,
        part: String? = nil
    ) -> String {
        var key: [UInt8] = []
        self.append(id, keepingSlash: false, to: &key)
        key.append(UInt8(ascii: "/"))
        if generation > 0 {
            key.append(UInt8(ascii: "/"))
            JSONText.append(generation, to: &key)
            key.append(UInt8(ascii: "/"))
        }
        if !scope.isEmpty {
            self.append(scope, keepingSlash: true, to: &key)
            key.append(UInt8(ascii: "/"))
        }
        JSONText.append(position, to: &key)
        if let part {
            key.append(UInt8(ascii: ":"))
            self.append(part, keepingSlash: false, to: &key)
        }
        guard key.count > self.limit else { return String(decoding: key, as: UTF8.self) }
        return String(decoding: key.prefix(self.limit - 65), as: UTF8.self) + "~" + SHA256.hexadecimal(of: key)
    }

    private static func append(_ text: String, keepingSlash: Bool, to key: inout [UInt8]) {
        let digits = [UInt8]("0123456789ABCDEF".utf8)
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "/") where keepingSlash: key.append(byte)
            case UInt8(ascii: "/"), UInt8(ascii: "%"), ...0x20, 0x7F...:
                key.append(contentsOf: [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]])
            default: key.append(byte)
            }
        }
    }
}

// SPDX-License-Identifier: Apache-2.0

/// What every step returns: 64 bytes of JSON.
enum BenchPayload {
    static let size = 64
    /// The value; its JSON text is the quotes around it.
    static let value = String(repeating: "0123456789", count: 7).prefix(62).description
    static let json = "\"\(Self.value)\""
}

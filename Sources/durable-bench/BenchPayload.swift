// SPDX-License-Identifier: Apache-2.0

/// What every step returns: 100 bytes of JSON.
enum BenchPayload {
    static let size = 100
    /// The value; its JSON text is the quotes around it.
    static let value = String(repeating: "0123456789", count: 10).dropLast(2).description
    static let json = "\"\(Self.value)\""
}

// SPDX-License-Identifier: Apache-2.0

/// JSON tokens, appended to a buffer byte by byte.
enum JSONText {
    static let null = [UInt8]("null".utf8)
    private static let digits = [UInt8]("0123456789abcdef".utf8)

    /// Appends a string with its quotes.
    ///
    /// Returns whether it holds U+0000, which Postgres cannot read back field by field.
    static func append(_ string: String, to bytes: inout [UInt8]) -> Bool {
        var string = string
        return string.withUTF8 { utf8 in
            bytes.append(UInt8(ascii: "\""))
            var holdsNull = false
            if utf8.allSatisfy({ $0 >= 0x20 && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\\") }) {
                bytes.append(contentsOf: utf8)
            } else {
                for byte in utf8 {
                    Self.append(escaping: byte, to: &bytes)
                    holdsNull = holdsNull || byte == 0
                }
            }
            bytes.append(UInt8(ascii: "\""))
            return holdsNull
        }
    }

    /// Appends one byte of a string, escaped in the only way that this library writes.
    static func append(escaping byte: UInt8, to bytes: inout [UInt8]) {
        let letter: UInt8
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"): letter = byte
        case 0x08: letter = UInt8(ascii: "b")
        case 0x09: letter = UInt8(ascii: "t")
        case 0x0A: letter = UInt8(ascii: "n")
        case 0x0C: letter = UInt8(ascii: "f")
        case 0x0D: letter = UInt8(ascii: "r")
        case 0..<0x20:
            Self.append(unit: UInt16(byte), to: &bytes)
            return
        default:
            bytes.append(byte)
            return
        }
        bytes.append(UInt8(ascii: "\\"))
        bytes.append(letter)
    }

    /// Appends `\u` and four hexadecimal digits.
    static func append(unit: UInt16, to bytes: inout [UInt8]) {
        bytes.append(UInt8(ascii: "\\"))
        bytes.append(UInt8(ascii: "u"))
        for shift in [12, 8, 4, 0] as [UInt16] { bytes.append(Self.digits[Int(unit >> shift & 15)]) }
    }

    /// Appends an integer.
    @inline(__always)
    static func append<Value: FixedWidthInteger>(_ integer: Value, to bytes: inout [UInt8]) {
        if integer < 0 { bytes.append(UInt8(ascii: "-")) }
        if Value.bitWidth <= 64 {
            self.append(magnitude: UInt64(truncatingIfNeeded: integer.magnitude), to: &bytes)
        } else {
            self.append(magnitude: UInt128(truncatingIfNeeded: integer.magnitude), to: &bytes)
        }
    }

    private static func append(magnitude: UInt64, to bytes: inout [UInt8]) {
        let first = bytes.count
        var rest = magnitude
        repeat {
            bytes.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10))
            rest /= 10
        } while rest > 0
        if bytes.count - first > 1 { bytes[first...].reverse() }
    }

    private static func append(magnitude: UInt128, to bytes: inout [UInt8]) {
        // The most that 64 bits hold in whole decimals, and the rest below it with its leading zeros.
        let (high, low) = magnitude.quotientAndRemainder(dividingBy: 1_000_000_000_000_000_000)
        guard high > 0 else { return self.append(magnitude: UInt64(low), to: &bytes) }
        self.append(magnitude: high, to: &bytes)
        let digits = [UInt8](String(UInt64(low)).utf8)
        bytes.append(contentsOf: repeatElement(UInt8(ascii: "0"), count: 18 - digits.count))
        bytes.append(contentsOf: digits)
    }

    /// Whether a text holds `\u0000` anywhere, perhaps as the text of a backslash and six characters: wrapped for nothing then.
    static func mentionsNull(_ json: [UInt8]) -> Bool { json.firstRange(of: Self.nullEscape) != nil }

    private static let nullEscape = [UInt8](#"\u0000"#.utf8)
}

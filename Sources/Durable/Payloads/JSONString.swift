// SPDX-License-Identifier: Apache-2.0

/// The inside of a JSON string, to be written again with no escapes but those that are needed.
struct JSONString {
    private let bytes: ArraySlice<UInt8>

    init(_ bytes: ArraySlice<UInt8>) { self.bytes = bytes }

    func append(to output: inout [UInt8]) throws {
        output.append(UInt8(ascii: "\""))
        var position = self.bytes.startIndex
        while position < self.bytes.endIndex {
            if self.bytes[position] == UInt8(ascii: "\\") {
                try self.appendEscape(at: &position, to: &output)
            } else {
                output.append(self.bytes[position])
                position += 1
            }
        }
        output.append(UInt8(ascii: "\""))
    }

    private func appendEscape(at position: inout Int, to output: inout [UInt8]) throws {
        guard position + 1 < self.bytes.endIndex else { throw Self.malformed }
        let letter = self.bytes[position + 1]
        position += 2
        switch letter {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): JSONText.append(escaping: letter, to: &output)
        case UInt8(ascii: "b"): JSONText.append(escaping: 0x08, to: &output)
        case UInt8(ascii: "t"): JSONText.append(escaping: 0x09, to: &output)
        case UInt8(ascii: "n"): JSONText.append(escaping: 0x0A, to: &output)
        case UInt8(ascii: "f"): JSONText.append(escaping: 0x0C, to: &output)
        case UInt8(ascii: "r"): JSONText.append(escaping: 0x0D, to: &output)
        case UInt8(ascii: "u"):
            let unit = try self.unit(at: position)
            position += 4
            self.append(unit, at: &position, to: &output)
        default: throw Self.malformed
        }
    }

    private func append(_ unit: UInt16, at position: inout Int, to output: inout [UInt8]) {
        if unit < 0x80 { return JSONText.append(escaping: UInt8(unit), to: &output) }
        if UTF16.isLeadSurrogate(unit), let trail = self.escapedTrail(at: position) {
            position += 6
            let scalar = 0x10000 + ((UInt32(unit) & 0x3FF) << 10 | UInt32(trail) & 0x3FF)
            Self.append(scalar, to: &output)
        } else if UTF16.isSurrogate(unit) {
            // Half a pair is no character; Postgres takes it in `json`, so it is kept as it is.
            JSONText.append(unit: unit, to: &output)
        } else {
            Self.append(UInt32(unit), to: &output)
        }
    }

    private static func append(_ value: UInt32, to output: inout [UInt8]) {
        if let scalar = Unicode.Scalar(value) { output.append(contentsOf: String(Character(scalar)).utf8) }
    }

    private func escapedTrail(at position: Int) -> UInt16? {
        guard position + 6 <= self.bytes.endIndex, self.bytes[position] == UInt8(ascii: "\\"),
            self.bytes[position + 1] == UInt8(ascii: "u"), let unit = try? self.unit(at: position + 2),
            UTF16.isTrailSurrogate(unit)
        else { return nil }
        return unit
    }

    private func unit(at position: Int) throws -> UInt16 {
        guard position + 4 <= self.bytes.endIndex else { throw Self.malformed }
        return try self.bytes[position..<position + 4].reduce(0) { unit, byte in
            guard let digit = Self.digit(byte) else { throw Self.malformed }
            return unit << 4 | digit
        }
    }

    private static func digit(_ byte: UInt8) -> UInt16? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt16(byte - UInt8(ascii: "0"))
        case UInt8(ascii: "a")...UInt8(ascii: "f"): UInt16(byte - UInt8(ascii: "a") + 10)
        case UInt8(ascii: "A")...UInt8(ascii: "F"): UInt16(byte - UInt8(ascii: "A") + 10)
        default: nil
        }
    }

    private static var malformed: DurableError {
        DurableError(.undecodable, "A JSON text is malformed: a string holds an escape that JSON does not have.")
    }
}

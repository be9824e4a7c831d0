// SPDX-License-Identifier: Apache-2.0

/// Walks over a JSON text without decoding it: where a value begins and ends, how deep it is, whether it is JSON at all.
struct JSONReader {
    let bytes: [UInt8]
    private(set) var position = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// What is wrong with the text, and where.
    func malformed(_ words: String) -> DurableError {
        DurableError(.undecodable, "A JSON text is malformed at byte \(self.position): \(words).")
    }

    /// The next byte that is no white space, not taken yet.
    mutating func peek() -> UInt8? {
        while self.position < self.bytes.count {
            switch self.bytes[self.position] {
            case 0x20, 0x09, 0x0A, 0x0D: self.position += 1
            case let byte: return byte
            }
        }
        return nil
    }

    /// Takes the next byte if it is this one.
    mutating func take(_ byte: Unicode.Scalar) -> Bool {
        guard self.peek() == UInt8(ascii: byte) else { return false }
        self.position += 1
        return true
    }

    /// Takes a string; the range is without its quotes.
    mutating func string() throws -> Range<Int> {
        guard self.take("\"") else { throw self.malformed("a string was expected") }
        let start = self.position
        while self.position < self.bytes.count {
            let byte = self.bytes[self.position]
            if byte == UInt8(ascii: "\"") {
                self.position += 1
                return start..<self.position - 1
            }
            if byte < 0x20 { throw self.malformed("a control character in a string") }
            self.position += byte == UInt8(ascii: "\\") ? 2 : 1
        }
        throw self.malformed("a string does not end")
    }

    /// Takes a number or a word, up to what cannot belong to it.
    mutating func token() throws -> Range<Int> {
        _ = self.peek()
        let start = self.position
        while self.position < self.bytes.count {
            switch self.bytes[self.position] {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "E"),
                UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "."):
                self.position += 1
                continue
            default: break
            }
            break
        }
        guard self.position > start else { throw self.malformed("a value was expected") }
        return start..<self.position
    }

    /// Takes any value and returns where it is, its brackets or quotes included.
    mutating func value() throws -> Range<Int> {
        guard let first = self.peek() else { throw self.malformed("it ends where a value was expected") }
        let start = self.position
        switch first {
        case UInt8(ascii: "\""): _ = try self.string()
        case UInt8(ascii: "{"), UInt8(ascii: "["): try self.skipContainer()
        default: _ = try self.token()
        }
        return start..<self.position
    }

    private mutating func skipContainer() throws {
        var depth = 0
        repeat {
            guard let byte = self.peek() else { throw self.malformed("a bracket is not closed") }
            switch byte {
            case UInt8(ascii: "\""):
                _ = try self.string()
                continue
            case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"): depth -= 1
            default: break
            }
            self.position += 1
        } while depth > 0
    }

    /// The text of one field of an object, nil if it has none of this name.
    ///
    /// The name must need no escapes.
    static func field(_ name: String, of object: [UInt8]) throws -> [UInt8]? {
        var reader = JSONReader(object)
        guard reader.take("{") else { throw reader.malformed("an object was expected") }
        if reader.take("}") { return nil }
        repeat {
            let key = try reader.string()
            guard reader.take(":") else { throw reader.malformed("a colon was expected") }
            let value = try reader.value()
            if object[key].elementsEqual(name.utf8) { return [UInt8](object[value]) }
        } while reader.take(",")
        return nil
    }
}

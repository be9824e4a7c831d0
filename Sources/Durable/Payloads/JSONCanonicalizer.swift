// SPDX-License-Identifier: Apache-2.0

/// Writes the canonical form of one JSON text.
struct JSONCanonicalizer {
    private var reader: JSONReader
    private var output: [UInt8] = []
    private var depth = 0

    init(_ json: [UInt8]) {
        self.reader = JSONReader(json)
        self.output.reserveCapacity(json.count)
    }

    mutating func run() throws -> [UInt8] {
        try self.value()
        guard self.reader.peek() == nil else { throw self.reader.malformed("something follows the value") }
        return self.output
    }

    private mutating func value() throws {
        switch self.reader.peek() {
        case UInt8(ascii: "{"): try self.nested { try $0.object() }
        case UInt8(ascii: "["): try self.nested { try $0.array() }
        case UInt8(ascii: "\""):
            let string = try self.reader.string()
            try JSONString(self.reader.bytes[string]).append(to: &self.output)
        default:
            let token = self.reader.bytes[try self.reader.token()]
            if ["true", "false", "null"].contains(where: { token.elementsEqual($0.utf8) }) {
                self.output.append(contentsOf: token)
            } else if let number = JSONNumber(token) {
                number.append(to: &self.output)
            } else {
                throw self.reader.malformed("neither a number nor a word of JSON")
            }
        }
    }

    private mutating func nested(_ body: (inout JSONCanonicalizer) throws -> Void) throws {
        self.depth += 1
        defer { self.depth -= 1 }
        guard self.depth <= JSONWriter.maximumDepth else {
            throw self.reader.malformed("nested more than \(JSONWriter.maximumDepth) levels deep")
        }
        try body(&self)
    }

    private mutating func array() throws {
        _ = self.reader.take("[")
        self.output.append(UInt8(ascii: "["))
        if !self.reader.take("]") {
            try self.value()
            while self.reader.take(",") {
                self.output.append(UInt8(ascii: ","))
                try self.value()
            }
            guard self.reader.take("]") else { throw self.reader.malformed("an array is not closed") }
        }
        self.output.append(UInt8(ascii: "]"))
    }

    private mutating func object() throws {
        _ = self.reader.take("{")
        self.output.append(UInt8(ascii: "{"))
        if !self.reader.take("}") {
            var fields: [JSONField] = []
            repeat {
                if !fields.isEmpty { self.output.append(UInt8(ascii: ",")) }
                let start = self.output.count
                let key = try self.reader.string()
                try JSONString(self.reader.bytes[key]).append(to: &self.output)
                fields.append(JSONField(start: start, keyEnd: self.output.count - 1))
                guard self.reader.take(":") else { throw self.reader.malformed("a colon was expected") }
                self.output.append(UInt8(ascii: ":"))
                try self.value()
            } while self.reader.take(",")
            guard self.reader.take("}") else { throw self.reader.malformed("an object is not closed") }
            JSONField.sort(&fields, from: 0, in: &self.output)
        }
        self.output.append(UInt8(ascii: "}"))
    }
}

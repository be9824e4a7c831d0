// SPDX-License-Identifier: Apache-2.0

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

extension JSONWriter {
    func appendNull() { self.bytes.append(contentsOf: JSONText.null) }

    func append(_ value: Bool) { self.bytes.append(contentsOf: (value ? "true" : "false").utf8) }

    func append(_ value: String) {
        if JSONText.append(value, to: &self.bytes) { self.holdsNull = true }
    }

    func append(_ value: some FixedWidthInteger) { JSONText.append(value, to: &self.bytes) }

    /// Writes the shortest text that reads back as the same number.
    func append(_ value: some BinaryFloatingPoint & CustomStringConvertible, at key: (any CodingKey)? = nil) throws {
        guard value.isFinite || self.allowsNonFinite else { throw self.problem(.notFinite(value), at: key) }
        self.bytes.append(contentsOf: value.description.utf8)
    }

    /// Writes the types that have a JSON form other than what their own `encode(to:)` makes of them, and `JSONDecoder` reads.
    func writeLeaf<T: Encodable>(_ value: T) throws -> Bool {
        if T.self == String.self, let string = value as? String {
            self.append(string)
        } else if T.self == Int.self, let integer = value as? Int {
            self.append(integer)
        } else if T.self == Date.self, let date = value as? Date {
            if let text = PayloadDate.text(date) {
                self.append(text)
            } else {
                try self.append(date.timeIntervalSinceReferenceDate)
            }
        } else if T.self == Data.self, let data = value as? Data {
            self.bytes.append(UInt8(ascii: "\""))
            self.bytes.append(contentsOf: data.base64EncodedData())
            self.bytes.append(UInt8(ascii: "\""))
        } else if T.self == URL.self, let url = value as? URL {
            self.append(url.absoluteString)
        } else if T.self == Decimal.self, let decimal = value as? Decimal {
            guard decimal.isFinite || self.allowsNonFinite else { throw self.problem(.notFinite(Double.nan)) }
            self.bytes.append(contentsOf: decimal.description.utf8)
        } else {
            return false
        }
        return true
    }
}

// SPDX-License-Identifier: Apache-2.0

/// A collection whose order differs from process to process, and which `encode(to:)` would write in that order.
///
/// Payloads are compared (an id started twice, the input of a replayed step), so these are written in the order of their
/// elements' bytes. `Set` and `Dictionary` read any order.
protocol UnorderedPayload {
    func write(to writer: JSONWriter) throws
}

extension Set: UnorderedPayload where Element: Encodable {
    func write(to writer: JSONWriter) throws {
        try writer.writeUnordered(self) { element, writer in
            try writer.write(element)
        }
    }
}

extension Dictionary: UnorderedPayload where Key: Encodable, Value: Encodable {
    func write(to writer: JSONWriter) throws {
        if Key.self == String.self || Key.self == Int.self || Key.self is any CodingKeyRepresentable.Type {
            // An object, whose fields are sorted like any other's.
            try self.encode(to: writer)
        } else {
            try writer.writeUnordered(self) { pair, writer in
                try writer.write(pair.key)
                writer.bytes.append(UInt8(ascii: ","))
                try writer.write(pair.value)
            }
        }
    }
}

extension JSONWriter {
    /// Writes an array whose items are in the order of their bytes.
    ///
    /// Each item may be several elements.
    fileprivate func writeUnordered<Items: Collection>(
        _ items: Items,
        item write: (Items.Element, JSONWriter) throws -> Void
    ) throws {
        _ = self.open(.array)
        let start = self.bytes.count
        var ranges: [Range<Int>] = []
        ranges.reserveCapacity(items.count)
        for item in items {
            let first = self.bytes.count
            try write(item, self)
            ranges.append(first..<self.bytes.count)
        }
        let written = self.bytes[start...]
        ranges.sort { written[$0].lexicographicallyPrecedes(written[$1]) }
        var ordered = [UInt8]()
        ordered.reserveCapacity(written.count + ranges.count)
        for range in ranges {
            if !ordered.isEmpty { ordered.append(UInt8(ascii: ",")) }
            ordered.append(contentsOf: written[range])
        }
        self.bytes.replaceSubrange(start..., with: ordered)
    }
}

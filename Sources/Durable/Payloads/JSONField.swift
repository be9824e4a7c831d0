// SPDX-License-Identifier: Apache-2.0

/// Where a field of an object begins in the buffer, and where its key ends; the value reaches to the comma before the next field.
struct JSONField {
    private(set) var start: Int
    private(set) var keyEnd: Int

    init(start: Int, keyEnd: Int) {
        self.start = start
        self.keyEnd = keyEnd
    }

    mutating func move(by distance: Int) {
        self.start += distance
        self.keyEnd += distance
    }

    /// Whether the first key comes before the second, by the bytes of their (escaped) text.
    static func ascending(_ first: JSONField, _ second: JSONField, in bytes: borrowing [UInt8]) -> Bool {
        // Without the quote that a key begins with.
        bytes.withUnsafeBufferPointer { bytes in
            bytes[first.start + 1..<first.keyEnd].lexicographicallyPrecedes(bytes[second.start + 1..<second.keyEnd])
        }
    }

    /// Puts the fields from `first` on in order, which are the last of the buffer.
    ///
    /// Of two with one key the later stays.
    static func sort(_ fields: inout [JSONField], from first: Int, in bytes: inout [UInt8]) {
        guard let start = fields[first...].first?.start else { return }
        let ends = fields[(first + 1)...].map { $0.start - 1 } + [bytes.count]
        let segments = zip(fields[first...], ends).enumerated().sorted { left, right in
            if Self.ascending(left.element.0, right.element.0, in: bytes) { return true }
            if Self.ascending(right.element.0, left.element.0, in: bytes) { return false }
            return left.offset < right.offset
        }
        var ordered = [UInt8]()
        ordered.reserveCapacity(bytes.count - start)
        for (index, segment) in segments.enumerated() {
            let (field, end) = segment.element
            if index + 1 < segments.count, !Self.ascending(field, segments[index + 1].element.0, in: bytes) { continue }
            if !ordered.isEmpty { ordered.append(UInt8(ascii: ",")) }
            ordered.append(contentsOf: bytes[field.start..<end])
        }
        bytes.replaceSubrange(start..., with: ordered)
    }
}

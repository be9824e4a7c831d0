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
        var (left, right) = (first.start + 1, second.start + 1)  // behind the quote
        while left < first.keyEnd, right < second.keyEnd {
            if bytes[left] != bytes[right] { return bytes[left] < bytes[right] }
            left += 1
            right += 1
        }
        return left == first.keyEnd && right < second.keyEnd
    }

    /// Puts the fields from `first` on in order, which are the last of the buffer.
    ///
    /// Of two with one key the later stays.
    static func sort(_ fields: inout [JSONField], from first: Int, in bytes: inout [UInt8]) {
        guard first < fields.count else { return }
        let start = fields[first].start
        // Each ends at the comma before the next one.
        var segments: [(field: JSONField, end: Int)] = []
        segments.reserveCapacity(fields.count - first)
        for index in first..<fields.count {
            let end = index + 1 < fields.count ? fields[index + 1].start - 1 : bytes.count
            segments.append((fields[index], end))
        }
        // What comes later in the buffer comes later here too if the keys are equal.
        segments.sort { left, right in
            if self.ascending(left.field, right.field, in: bytes) { return true }
            return left.field.start < right.field.start && !self.ascending(right.field, left.field, in: bytes)
        }
        var ordered = [UInt8]()
        ordered.reserveCapacity(bytes.count - start)
        for (index, segment) in segments.enumerated() {
            let next = index + 1 < segments.count ? segments[index + 1].field : nil
            if let next, !self.ascending(segment.field, next, in: bytes) { continue }
            if !ordered.isEmpty { ordered.append(UInt8(ascii: ",")) }
            ordered.append(contentsOf: bytes[segment.field.start..<segment.end])
        }
        bytes.replaceSubrange(start..., with: ordered)
    }
}

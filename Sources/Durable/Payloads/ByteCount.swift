// SPDX-License-Identifier: Apache-2.0

/// A size in words: `8 MiB (8388608 bytes)`.
struct ByteCount: CustomStringConvertible {
    let bytes: Int

    init(_ bytes: Int) { self.bytes = bytes }

    var description: String {
        let units: [(name: String, size: Int)] = [("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)]
        guard let unit = units.first(where: { self.bytes >= $0.size }) else { return "\(self.bytes) bytes" }
        let tenths = self.bytes / (unit.size / 10)
        let fraction = tenths % 10 == 0 ? "" : ".\(tenths % 10)"
        return "\(tenths / 10)\(fraction) \(unit.name) (\(self.bytes) bytes)"
    }
}

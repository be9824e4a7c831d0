// SPDX-License-Identifier: Apache-2.0

/// Two histories beside each other, with a mark where they differ.
enum SideBySide {
    static func render(_ left: [String], _ right: [String], titles: (String, String)) -> String {
        let width = min(72, max(titles.0.count, left.map(\.count).max() ?? 0))
        func row(_ a: String, _ mark: String, _ b: String) -> String {
            let cut = a.count > width ? a.prefix(width - 1) + "…" : a[...]
            return "  \(cut)\(String(repeating: " ", count: width - cut.count)) \(mark) \(b)"
        }
        var lines = [row(titles.0, "|", titles.1), row(String(repeating: "-", count: width), "|", "---")]
        for index in 0..<max(left.count, right.count) {
            let a = index < left.count ? left[index] : ""
            let b = index < right.count ? right[index] : ""
            lines.append(row(a, a == b ? "|" : "≠", b))
        }
        return lines.joined(separator: "\n")
    }
}

// SPDX-License-Identifier: Apache-2.0

/// What is said before something is done to several workflows.
enum Preview {
    /// `3 workflows match: 2 waiting, 1 running`.
    static func words(_ counts: [Record]) -> String {
        let total = counts.reduce(0) { $0 + ($1["count"].integer ?? 0) }
        let parts = counts.map { "\($0["count"].words) \($0["state"].words)" }
        let list = parts.isEmpty ? "" : ": " + parts.joined(separator: ", ")
        return "\(self.count(total)) \(total == 1 ? "matches" : "match")\(list)"
    }

    /// `1 workflow`, `12 workflows`.
    static func count(_ number: Int64) -> String { number == 1 ? "1 workflow" : "\(number) workflows" }
}

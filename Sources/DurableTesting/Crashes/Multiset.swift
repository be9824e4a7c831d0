// SPDX-License-Identifier: Apache-2.0

/// Texts, and how often each of them is there.
struct Multiset: Sendable, Equatable {
    private(set) var counts: [String: Int] = [:]

    init(_ texts: [String]) {
        for text in texts { self.counts[text, default: 0] += 1 }
    }

    /// What is here more often than there, with how much more often.
    func surplus(over other: Multiset) -> [(text: String, count: Int)] {
        self.counts.sorted { $0.key < $1.key }.compactMap { text, count in
            let more = count - (other.counts[text] ?? 0)
            return more > 0 ? (text, more) : nil
        }
    }

    /// What is too much and what is missing, in words.
    func words(comparedWith expected: Multiset) -> String {
        let extra = self.surplus(over: expected).map { "\($0.count) too many of \($0.text)" }
        let missing = expected.surplus(over: self).map { "\($0.count) missing of \($0.text)" }
        return (extra + missing).joined(separator: ", ")
    }
}

// SPDX-License-Identifier: Apache-2.0

/// What is said before something is done to several workflows.
enum Preview {
    /// `3 workflows match: 1 running, 2 waiting`, of the state of each.
    static func words(states: [String]) -> String {
        var counts: [String: Int] = [:]
        for state in states { counts[state, default: 0] += 1 }
        let list = counts.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }.joined(separator: ", ")
        let head = "\(self.count(Int64(states.count))) \(states.count == 1 ? "matches" : "match")"
        return list.isEmpty ? head : "\(head): \(list)"
    }

    /// `1 workflow`, `12 workflows`.
    static func count(_ number: Int64) -> String { number == 1 ? "1 workflow" : "\(number) workflows" }
}

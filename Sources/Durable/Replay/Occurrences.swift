// SPDX-License-Identifier: Apache-2.0

/// How often each call was made in one scope, by kind and name.
///
/// Pure. A scope has few different calls, and comparing some short names costs less than hashing one of them.
struct Occurrences: Sendable {
    private struct Call: Hashable {
        let kind: JournalKind
        let name: String
    }

    /// How many calls are compared one by one.
    private static let few = 8
    private var first: [(call: Call, count: Int)] = []
    private var others: [Call: Int] = [:]

    /// Counts a call: the first of its kind and name is 1.
    mutating func next(_ kind: JournalKind, _ name: String) -> Int {
        let call = Call(kind: kind, name: name)
        for index in self.first.indices where self.first[index].call == call {
            self.first[index].count += 1
            return self.first[index].count
        }
        guard self.first.count == Self.few else {
            self.first.append((call, 1))
            return 1
        }
        return Self.increment(&self.others[call, default: 0])
    }

    /// In place, so that the call is looked up once.
    private static func increment(_ count: inout Int) -> Int {
        count += 1
        return count
    }
}

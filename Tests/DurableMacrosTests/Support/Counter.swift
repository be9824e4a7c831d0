// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Counts how often something happened.
final class Counter: Sendable {
    private let count = Atomic(0)

    /// Counts, and returns how often it happened with this time.
    @discardableResult
    func next() -> Int { self.count.add(1, ordering: .sequentiallyConsistent).newValue }

    var value: Int { self.count.load(ordering: .sequentiallyConsistent) }
}

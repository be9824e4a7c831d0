// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Counts how often something happened.
package final class Counter: Sendable {
    private let count = Atomic(0)

    package init() {}

    /// Counts, and returns how often it happened with this time.
    @discardableResult
    package func next() -> Int { self.count.add(1, ordering: .sequentiallyConsistent).newValue }

    package var value: Int { self.count.load(ordering: .sequentiallyConsistent) }
}

// SPDX-License-Identifier: Apache-2.0

#if DEBUG
    import Synchronization
#endif

/// Protections of the engine that the fault suite takes away, one at a time, to see that it misses them.
///
/// Only in debug builds, and only from within this package. In a release build `isOn` is a constant.
package enum Protection: String, Codable, Sendable, CaseIterable {
    /// Every write is refused whose process was declared dead.
    case fence
    /// An effect waits until what it depends on is durable.
    case barrier
    /// The first writer of a place wins, and who loses its reply looks whose record it is.
    case firstWriter = "first-writer"
    /// What comes in for a workflow is counted.
    case mailbox
    /// A run parks on the count that it has seen.
    case conditionalPark = "conditional-park"
    /// A run ends or gives back what is its own.
    case runNumber = "run-number"
    /// The last of the program is undone first.
    case undoOrder = "undo-order"

    #if DEBUG
        private static let missing = Mutex<Set<Protection>>([])

        /// Takes protections away from every engine that this process makes from now on.
        package static func takeAway(_ protections: Set<Protection>) { self.missing.withLock { $0 = protections } }

        /// Whether this is a build in which they can be taken away.
        package static var canBeTakenAway: Bool { true }

        var isOn: Bool { !Protection.missing.withLock { $0.contains(self) } }
    #else
        package static var canBeTakenAway: Bool { false }

        var isOn: Bool { true }
    #endif
}

// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Whether a branch may still do anything: it dies when its group is decided, and with it all branches below.
final class Branch: Sendable {
    private let parent: Branch?
    private let decided = Atomic(false)
    /// Whether it, or a branch that it lies in, is in a race: what it takes is free again if it loses.
    let isRacing: Bool

    init(parent: Branch?, isRacing: Bool = false) {
        self.parent = parent
        self.isRacing = isRacing || parent?.isRacing ?? false
    }

    /// Whether it is one of a group, rather than the workflow itself.
    var isOfGroup: Bool { self.parent != nil }

    /// Whether a group that it belongs to was decided without it.
    var isDecided: Bool {
        if self.decided.load(ordering: .acquiring) { return true }
        return self.parent?.isDecided ?? false
    }

    func decide() { self.decided.store(true, ordering: .releasing) }
}

// SPDX-License-Identifier: Apache-2.0

/// What one recovery sweep has done.
package struct SweepReport: Hashable, Sendable {
    /// Numbers of the executors that can write nothing any more.
    package var takenOver: [Int32] = []
    /// How many workflows were freed for any process to claim.
    package var freed = 0
    /// Ids of the workflows that were paused, since their processes keep dying of them.
    package var paused: [String] = []
    /// Numbers of dead executors that could not be taken over now: the next sweep tries again.
    package var left: [Int32] = []

    package init() {}
}

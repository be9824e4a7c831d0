// SPDX-License-Identifier: Apache-2.0

/// What an attempt does under test.
package enum StandIn: Sendable {
    /// What its body says.
    case body
    /// It returns this instead.
    case value(any Sendable)
    /// It throws this instead.
    case failure(any Error)
    /// It throws what an attempt throws that has taken too long.
    case timeout
    /// It ends when it is cancelled, and not before; then it says so.
    case hang(ended: @Sendable () -> Void)
}

/// An attempt that is about to begin, as the testing kit sees it.
package struct AttemptSight: Sendable {
    package var workflow: String
    package var workflowName: String
    package var place: Place
    package var kind: JournalKind
    package var name: String
    /// The step as people see it: `charge#2`.
    package var label: String
    package var attempt: Int
}

// SPDX-License-Identifier: Apache-2.0

import Durable

/// What a stand-in does.
public struct StandInBehavior: Sendable {
    enum Kind: Sendable {
        case value(any Sendable)
        case failures(any Error, times: Int)
        case timeouts(times: Int)
        case hang
    }

    let kind: Kind

    /// Returns a value of the type that the step returns; another type fails the step, in words.
    public static func returns<T: Codable & Sendable>(_ value: T) -> StandInBehavior {
        StandInBehavior(kind: .value(value))
    }

    /// Returns, from a step that returns nothing.
    public static var returns: StandInBehavior { StandInBehavior(kind: .value(Nothing())) }

    /// Throws in the first attempts, and then does what the step's body says.
    ///
    /// - Parameters:
    ///   - error: What it throws.
    ///   - times: In how many attempts; by default in all of them.
    public static func fails(with error: any Error, times: Int = .max) -> StandInBehavior {
        StandInBehavior(kind: .failures(error, times: times))
    }

    /// Fails in the first attempts as one does that has taken too long, at once, and then does what the step's body says.
    ///
    /// - Parameter times: In how many attempts; by default in all of them.
    public static func timesOut(times: Int = .max) -> StandInBehavior {
        StandInBehavior(kind: .timeouts(times: times))
    }

    /// Ends only when it is cancelled: by the timeout of the step, or with the workflow.
    public static var hangs: StandInBehavior { StandInBehavior(kind: .hang) }
}

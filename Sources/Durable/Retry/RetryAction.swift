// SPDX-License-Identifier: Apache-2.0

/// What follows a failed attempt.
package enum RetryAction: Hashable, Sendable {
    /// Another attempt, after this delay.
    case retry(after: Duration)
    /// The step fails with this error.
    case giveUp
    /// All attempts are used up, and the workflow is to be paused.
    case pause
}

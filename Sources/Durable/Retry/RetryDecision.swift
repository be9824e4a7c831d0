// SPDX-License-Identifier: Apache-2.0

/// What the decision of a retry policy says about one error.
public enum RetryDecision: Sendable, Hashable {
    /// As the policy has it.
    case byPolicy
    /// Try again after this delay instead of the policy's; its number of attempts and total time still hold.
    case retry(after: Duration)
    /// Fail now.
    case stop
}

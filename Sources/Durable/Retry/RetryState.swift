// SPDX-License-Identifier: Apache-2.0

/// The attempts of one step.
///
/// Which one is next, and what follows a failure. Pure: time and chance are handed in.
package struct RetryState: Sendable {
    package let policy: RetryPolicy
    /// The number of the attempt that is under way or next, from 1.
    package private(set) var attempt: Int

    /// Begins, or goes on after `failed` attempts that were recorded.
    ///
    /// - Throws: `DurableError.invalidConfiguration` if the policy makes no sense.
    package init(_ policy: RetryPolicy, failed: Int = 0) throws {
        try policy.validate()
        self.policy = policy
        self.attempt = min(max(0, failed), .max - 1) + 1
    }

    /// Takes in that the attempt under way failed.
    ///
    /// - Parameters:
    ///   - elapsed: the time since the first attempt began.
    ///   - random: 64 random bits for the jitter.
    package mutating func attemptFailed(_ error: any Error, elapsed: Duration, random: UInt64) -> RetryAction {
        let failed = self.attempt
        let (next, overflow) = failed.addingReportingOverflow(1)
        if !overflow { self.attempt = next }
        if error is NonRetryable { return .giveUp }
        let decision = self.policy.decide?(error, failed) ?? .byPolicy
        if decision == .stop { return .giveUp }
        let exhausted: RetryAction = self.policy.exhaustion == .pause ? .pause : .giveUp
        if failed >= self.policy.attempts { return exhausted }
        let delay: Duration =
            switch decision {
            case .retry(let delay): min(max(delay, .zero), .longest)
            case .byPolicy, .stop:
                if let advice = error as? RetryAfter {
                    min(max(advice.delay, .zero), .longest)
                } else {
                    self.policy.delay(after: failed, random: random)
                }
            }
        if let total = self.policy.total, elapsed > total || delay > total - max(elapsed, .zero) { return exhausted }
        return .retry(after: delay)
    }
}

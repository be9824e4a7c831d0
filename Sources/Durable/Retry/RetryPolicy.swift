// SPDX-License-Identifier: Apache-2.0

/// How often a step is attempted, and how long it waits in between.
///
/// The delay after attempt *n* is `first` × `factor`ⁿ⁻¹ + `increment` × (*n* − 1), at most `cap`, spread by `jitter`. The number of failed
/// attempts survives a crash, and a long delay holds no memory.
///
/// ```swift
/// var retry = RetryPolicy.exponential(attempts: 8, first: .milliseconds(200))
/// retry.total = .seconds(600)
/// retry.decide = { error, attempt in error is CardRefused ? .stop : .byPolicy }
/// ```
public struct RetryPolicy: Sendable {
    /// How often the step is attempted in all, at least once; `Int.max` for as long as it takes.
    public var attempts: Int
    /// The delay after the first attempt.
    public var first: Duration
    /// By what the delay is multiplied after each further attempt, at least 1.
    public var factor: Double
    /// What is added to the delay after each further attempt.
    public var increment: Duration
    /// The longest delay.
    public var cap: Duration
    /// How chance spreads the delays.
    public var jitter: RetryJitter
    /// No attempt begins later than this after the first began; nil for no such limit.
    public var total: Duration?
    /// What becomes of the workflow when all attempts, or the total time, are used up.
    public var exhaustion = Exhaustion.fail
    /// Decides about one error and the number of the attempt that it ended (from 1); nil for all as the policy has it.
    ///
    /// `NonRetryable` is not asked about. It runs in the process that made the attempt, and its answer is not recorded.
    public var decide: (@Sendable (_ error: any Error, _ attempt: Int) -> RetryDecision)?

    /// Makes a policy; the parameters that are left out are those of ``default``.
    ///
    /// A step whose policy makes no sense (fewer than one attempt, a negative delay) throws `DurableError.invalidConfiguration`.
    public init(
        attempts: Int = 3,
        first: Duration = .seconds(1),
        factor: Double = 2,
        increment: Duration = .zero,
        cap: Duration = .seconds(60),
        jitter: RetryJitter = .full,
        total: Duration? = nil,
        decide: (@Sendable (_ error: any Error, _ attempt: Int) -> RetryDecision)? = nil
    ) {
        self.attempts = attempts
        self.first = first
        self.factor = factor
        self.increment = increment
        self.cap = cap
        self.jitter = jitter
        self.total = total
        self.decide = decide
    }
}

extension RetryPolicy {
    /// What follows when a step has used up its attempts, or its total time.
    public enum Exhaustion: Sendable, Hashable {
        /// The step throws the error of its last attempt.
        case fail
        /// The workflow is paused (``PauseReason/retriesExhausted``) until a person resumes it; each time that is one attempt more.
        ///
        /// An error that is not to be retried at all fails the step nevertheless.
        case pause
    }

    /// The same policy, by which the workflow is paused, rather than told of the error, when its attempts are used up.
    ///
    /// ```swift
    /// let charge = try await workflow.step("charge", retry: .exponential(attempts: 5).pausingWhenExhausted()) { step in
    ///     try await payments.charge(order.total, idempotencyKey: step.idempotencyKey)
    /// }
    /// ```
    public func pausingWhenExhausted() -> RetryPolicy {
        var policy = self
        policy.exhaustion = .pause
        return policy
    }

    /// One attempt.
    public static let never = RetryPolicy(attempts: 1)

    /// Three attempts, after a second and after two (at most; full jitter).
    public static let `default` = RetryPolicy()

    /// Delays that grow by a factor.
    public static func exponential(
        attempts: Int = 3,
        first: Duration = .seconds(1),
        factor: Double = 2,
        cap: Duration = .seconds(60),
        jitter: RetryJitter = .full
    ) -> RetryPolicy {
        RetryPolicy(attempts: attempts, first: first, factor: factor, cap: cap, jitter: jitter)
    }

    /// The same delay each time.
    public static func constant(attempts: Int = 3, delay: Duration, jitter: RetryJitter = .none) -> RetryPolicy {
        RetryPolicy(attempts: attempts, first: delay, factor: 1, cap: delay, jitter: jitter)
    }

    /// Delays that grow by the same amount each time.
    public static func linear(
        attempts: Int = 3,
        first: Duration = .seconds(1),
        increment: Duration = .seconds(1),
        cap: Duration = .seconds(60),
        jitter: RetryJitter = .none
    ) -> RetryPolicy {
        RetryPolicy(attempts: attempts, first: first, factor: 1, increment: increment, cap: cap, jitter: jitter)
    }

    /// No delay at all.
    public static func immediately(attempts: Int) -> RetryPolicy {
        RetryPolicy(attempts: attempts, first: .zero, factor: 1, cap: .zero, jitter: .none)
    }
}

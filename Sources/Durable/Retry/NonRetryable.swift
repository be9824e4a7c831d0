// SPDX-License-Identifier: Apache-2.0

/// Thrown by a step that knows that trying again is pointless: the step fails at once, whatever its retry policy.
///
/// ```swift
/// guard card.isValid else { throw NonRetryable(CardRefused(reason: "expired")) }
/// ```
///
/// What is recorded and rethrown is the error that it wraps.
public struct NonRetryable: Error, RetryAdvice, CustomStringConvertible {
    /// What went wrong.
    public var underlying: any Error

    /// Wraps an error that no further attempt can mend.
    public init(_ underlying: any Error) { self.underlying = underlying }

    /// The error.
    public var description: String { "not retryable: \(self.underlying)" }
}

// SPDX-License-Identifier: Apache-2.0

/// Thrown by a step that knows when it is worth trying again, such as a `Retry-After` header says.
///
/// ```swift
/// if response.status == .tooManyRequests {
///     throw RetryAfter(.seconds(30), error)
/// }
/// ```
///
/// It replaces the delay of the retry policy, unshortened by its cap; the policy's number of attempts and total time still hold. What
/// is recorded and shown is the error that it wraps.
public struct RetryAfter: Error, RetryAdvice, CustomStringConvertible {
    /// How long to wait before the next attempt.
    ///
    /// Negative means at once; more than 100 years means 100 years.
    public var delay: Duration
    /// What went wrong.
    public var underlying: any Error

    /// Wraps an error together with the delay until the next attempt.
    public init(_ delay: Duration, _ underlying: any Error) {
        self.delay = delay
        self.underlying = underlying
    }

    /// The delay and the error.
    public var description: String { "retry after \(self.delay): \(self.underlying)" }
}

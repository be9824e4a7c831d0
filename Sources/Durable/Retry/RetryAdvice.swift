// SPDX-License-Identifier: Apache-2.0

/// An error that is thrown instead of another to say whether and when to try again.
protocol RetryAdvice: Error {
    /// The error that is meant.
    var underlying: any Error { get }
}

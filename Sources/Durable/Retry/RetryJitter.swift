// SPDX-License-Identifier: Apache-2.0

/// How chance spreads the delays between attempts, so that steps which failed together do not all come back together.
public enum RetryJitter: Sendable, Hashable {
    /// Exactly the computed delay.
    case none
    /// Anything from nothing to the computed delay.
    case full
    /// The computed delay, up to this fraction (0 to 1) shorter or longer.
    case proportional(Double)
}

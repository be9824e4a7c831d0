// SPDX-License-Identifier: Apache-2.0

/// What the command tells who called it; documented in the article "The durable command".
enum ExitStatus: Int32, Sendable, CaseIterable {
    /// It was done.
    case ok = 0
    /// It was refused, or done for some and not for others.
    case failed = 1
    /// The arguments make no sense.
    case usage = 2
    /// There is no such workflow.
    case notFound = 3
    /// The database cannot be reached.
    case unreachable = 4
    /// The schema is missing or does not fit, or the role may not use it.
    case schema = 5
    /// Nobody has confirmed it.
    case notConfirmed = 6
}

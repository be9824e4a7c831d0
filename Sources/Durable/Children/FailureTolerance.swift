// SPDX-License-Identifier: Apache-2.0

/// How many children of a group may fail before the others are cancelled.
///
/// ```swift
/// let results = try await workflow.children(Resize.self, images, maxConcurrent: 500, tolerate: .count(10))
/// ```
public struct FailureTolerance: Sendable, Hashable {
    enum Limit: Sendable, Hashable {
        case any
        case count(Int)
        case percentage(Double)
    }

    let limit: Limit

    /// Any number: every child ends, whatever comes of it.
    public static let any = FailureTolerance(limit: .any)
    /// None: the first failure cancels the others.
    public static let none = FailureTolerance(limit: .count(0))

    /// At most so many.
    public static func count(_ count: Int) -> FailureTolerance { FailureTolerance(limit: .count(count)) }

    /// At most this share of all children, from 0 to 100 per cent.
    public static func percentage(_ share: Double) -> FailureTolerance { FailureTolerance(limit: .percentage(share)) }

    /// How many of so many may fail; nil: all of them.
    func tolerated(of count: Int) throws -> Int32? {
        switch self.limit {
        case .any: return nil
        case .count(let limit):
            guard limit >= 0 else {
                throw DurableError(.invalidArgument, "a group of children cannot tolerate \(limit) failures")
            }
            return Int32(clamping: limit)
        case .percentage(let share):
            guard (0...100).contains(share) else {
                throw DurableError(
                    .invalidArgument,
                    "a group of children tolerates 0 to 100 per cent of failures, not \(share)"
                )
            }
            // A little more than computed: 32.3 per cent of 1,000 are 323, and 322.99999999999994 in binary.
            return Int32(clamping: Int(Double(count) * share / 100 + 1e-6))
        }
    }
}

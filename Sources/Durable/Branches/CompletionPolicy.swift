// SPDX-License-Identifier: Apache-2.0

/// When a settled group of branches is decided before all of them have ended.
///
/// ```swift
/// let quotes = try await workflow.mapSettled(carriers, completion: .successes(3)) { carrier, branch in
///     try await branch.step("quote") { step in try await carrier.quote(step) }
/// }
/// ```
public struct CompletionPolicy: Sendable, Hashable {
    /// Decided after so many successes; nil: when all have ended.
    public var successes: Int?
    /// Failed after more than so many failures; nil: any number is tolerated.
    public var toleratedFailures: Int?
    /// Failed after more than this share of failures, from 0 to 100 per cent of all branches; nil: any share is tolerated.
    public var toleratedPercentage: Double?

    /// Every branch ends, whatever comes of it.
    public static let all = CompletionPolicy()

    /// Stops, and cancels the other branches, after so many successes.
    public static func successes(_ count: Int) -> CompletionPolicy {
        var policy = CompletionPolicy()
        policy.successes = count
        return policy
    }

    /// Fails, and cancels the other branches, after more than so many failures.
    public static func tolerating(failures: Int) -> CompletionPolicy {
        var policy = CompletionPolicy()
        policy.toleratedFailures = failures
        return policy
    }

    /// Fails, and cancels the other branches, after more than this share of failures, from 0 to 100.
    public static func tolerating(percentage: Double) -> CompletionPolicy {
        var policy = CompletionPolicy()
        policy.toleratedPercentage = percentage
        return policy
    }

    /// Throws in words if the policy makes no sense.
    func validate() throws {
        if let successes, successes < 1 {
            throw DurableError(
                .invalidArgument,
                "a completion policy needs at least one success; it asks for \(successes)"
            )
        }
        if let toleratedFailures, toleratedFailures < 0 {
            throw DurableError(.invalidArgument, "a completion policy cannot tolerate \(toleratedFailures) failures")
        }
        if let share = toleratedPercentage, !(0...100).contains(share) {
            throw DurableError(
                .invalidArgument,
                "a completion policy tolerates 0 to 100 per cent of failures, not \(share)"
            )
        }
    }

    /// How many failures are tolerated among so many branches.
    func failureLimit(of count: Int) -> Int {
        var limit = self.toleratedFailures ?? Int.max
        // A little more than computed: 32.3 per cent of 1,000 are 323 branches, and 322.99999999999994 in binary.
        if let share = self.toleratedPercentage { limit = min(limit, Int(Double(count) * share / 100 + 1e-6)) }
        return limit
    }
}

// SPDX-License-Identifier: Apache-2.0

/// Decides when a group of branches is over.
///
/// Pure: branches end, in whatever order, and it says whether that settles it.
struct JoinMachine: Sendable {
    /// What decides a group.
    enum Rule: Sendable {
        /// All succeed, or the first failure decides.
        case all
        /// The first that ends decides.
        case race
        /// All end, unless the policy is fulfilled or broken before.
        case settled(CompletionPolicy)
    }

    /// How a group ended.
    enum Verdict: Sendable, Hashable {
        /// Every branch has ended, and none decided the group.
        case complete
        /// This branch succeeded, and won.
        case won(Int)
        /// This branch failed, and with it the group.
        case failed(Int)
        /// Enough branches have succeeded.
        case enough
    }

    private let rule: Rule
    private let count: Int
    private var ended = 0
    private var successes = 0
    private var failures = 0
    /// The verdict, once there is one.
    private(set) var verdict: Verdict?

    init(_ rule: Rule, count: Int) {
        self.rule = rule
        self.count = count
        if count == 0 { self.verdict = .complete }
    }

    /// A branch has ended.
    ///
    /// What ends after the verdict changes nothing.
    ///
    /// - Returns: Whether this settled the group.
    mutating func ended(_ branch: Int, succeeded: Bool) -> Bool {
        guard self.verdict == nil else { return false }
        self.ended += 1
        if succeeded { self.successes += 1 } else { self.failures += 1 }
        self.verdict = self.judge(branch, succeeded: succeeded)
        return self.verdict != nil
    }

    private func judge(_ branch: Int, succeeded: Bool) -> Verdict? {
        switch self.rule {
        case .all:
            if !succeeded { return .failed(branch) }
        case .race:
            return succeeded ? .won(branch) : .failed(branch)
        case .settled(let policy):
            if self.failures > policy.failureLimit(of: self.count) { return .failed(branch) }
            // The last branch to end completes the group even where it was also the last success asked for.
            if let wanted = policy.successes, self.successes >= wanted, self.ended < self.count { return .enough }
        }
        return self.ended == self.count ? .complete : nil
    }
}

// SPDX-License-Identifier: Apache-2.0

/// Finds the workflows that this executor owns and does not run: replies to claims that were lost, runs that vanished.
///
/// A claim whose reply is on its way looks like that too. So a stranger is only released when it has been seen for a
/// while, or when its claim is known to have lost its reply.
struct OrphanLedger: Sendable {
    /// One row of `live` under one claim.
    struct Owned: Hashable, Sendable {
        var id: String
        var run: Int64
    }

    private var firstSeen: [Owned: ContinuousClock.Instant] = [:]
    private var lostClaims: Set<Int64> = []

    /// The reply to a claim with these run tokens did not come: whatever it took, nobody will run.
    mutating func lost(_ runs: [Int64]) { self.lostClaims.formUnion(runs) }

    /// Takes in what the executor owns and does not run, and says what to release.
    mutating func judge(
        _ strangers: [Owned],
        at now: ContinuousClock.Instant,
        grace: Duration
    ) -> [Owned] {
        var seen: [Owned: ContinuousClock.Instant] = [:]
        var orphans: [Owned] = []
        for stranger in strangers {
            let first = self.firstSeen[stranger] ?? now
            seen[stranger] = first
            if self.lostClaims.contains(stranger.run) || now - first >= grace { orphans.append(stranger) }
        }
        self.firstSeen = seen
        return orphans
    }
}

// SPDX-License-Identifier: Apache-2.0

/// How many workflows one claim takes at most.
///
/// Few at first, so that processes share what little there is; more for as long as there is always more, since one large claim costs the
/// server less than several small ones.
struct ClaimBatch: Sendable {
    static let least = 100
    static let most = 400

    private(set) var size = ClaimBatch.least

    /// A turn is over.
    mutating func turnEnded(isMoreLikely: Bool) {
        self.size = isMoreLikely ? min(2 * self.size, Self.most) : Self.least
    }
}

// SPDX-License-Identifier: Apache-2.0

/// Something that goes wrong, again and again, while programs run.
protocol Nemesis: Sendable {
    /// Does it, once.
    ///
    /// - Returns: How to heal it, and after how long; nil when there was nothing to strike at just now.
    func strike(_ arena: Arena, _ random: inout SplitMix) async throws -> Strike?
}

/// A strike that was made.
struct Strike: Sendable {
    /// How long it lasts.
    var lasts = Duration.zero
    /// What ends it.
    var heal: @Sendable () async throws -> Void = {}
}

// SPDX-License-Identifier: Apache-2.0

#if canImport(FoundationEssentials)
    package import FoundationEssentials
#else
    package import Foundation
#endif

/// What a test puts in the engine's way: the testing kit's only door into it.
///
/// An engine of a service has none, and pays with one look at nil where it would ask.
package struct EngineHooks: Sendable {
    /// How far the test has moved time.
    package var clock: ClockShift?
    /// The seed of every workflow that is started, so that two runs can be compared.
    package var seed: UUID?
    /// Whether each run is thrown away after every checkpoint, and replayed.
    package var isAlwaysReplaying = false
    /// Whether failed attempts wait before the next one.
    package var hasRetryDelays = true
    /// Told how a run came to its end; runs only replay then, and stop where their history ends.
    package var replayed: (@Sendable (HistoryReplay.End) -> Void)?
    /// Says what an attempt does instead of its body.
    package var standIn: (@Sendable (AttemptSight) -> StandIn)?
    /// Told of everything that becomes durable.
    package var probe: (any DurabilityProbe)?

    package init() {}
}

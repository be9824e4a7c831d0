// SPDX-License-Identifier: Apache-2.0

public import Durable
#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

extension EngineOptions {
    /// The environment variable that has every engine of the kit replay after every checkpoint, when it is `1`.
    static let alwaysReplayVariable = "DURABLE_ALWAYS_REPLAY"

    /// Quick to look and to stop, with every wait parked, so that what follows a wait runs after a replay; what decides about
    /// correctness is as it is by default.
    public static var testing: EngineOptions {
        var options = EngineOptions()
        options.poll = .milliseconds(20)
        options.hold = .zero
        options.drain = .milliseconds(50)
        options.transactionConnections = 2
        return options.replayingAsAsked()
    }

    /// The same, where every run is thrown away after every checkpoint, and replayed from the top: code that does not come to
    /// the same place again shows itself.
    public func alwaysReplaying() -> EngineOptions {
        var options = self
        var hooks = options.hooks ?? EngineHooks()
        hooks.isAlwaysReplaying = true
        options.hooks = hooks
        return options
    }

    /// The same, ``alwaysReplaying()`` when the environment variable `DURABLE_ALWAYS_REPLAY` is `1`: for a whole test suite.
    public func replayingAsAsked() -> EngineOptions {
        Self.isAskedToReplay && !ReplayMode.isExempt ? self.alwaysReplaying() : self
    }

    /// The same, without replays after every checkpoint, whoever asks for them.
    ///
    /// - Parameter reason: Why the test makes no sense with them; for whoever reads it.
    public func withoutReplaying(because reason: String) -> EngineOptions {
        var options = self
        options.hooks?.isAlwaysReplaying = false
        return options
    }

    /// The same, where failed attempts are followed by the next one at once.
    public func withoutRetryDelays() -> EngineOptions {
        var options = self
        var hooks = options.hooks ?? EngineHooks()
        hooks.hasRetryDelays = false
        options.hooks = hooks
        return options
    }

    static var isAskedToReplay: Bool {
        ProcessInfo.processInfo.environment[self.alwaysReplayVariable] == "1"
    }
}

// SPDX-License-Identifier: Apache-2.0

package import Durable
import DurableTesting

extension EngineOptions {
    /// Quick to look and to stop, for tests; everything that decides about correctness as it is by default.
    package static var test: EngineOptions {
        var options = EngineOptions()
        options.poll = .milliseconds(40)
        options.drain = .milliseconds(50)
        options.transactionConnections = 2
        return options.replayingAsAsked()
    }

    /// Every sleep parks the workflow, so that what follows a sleep runs after a replay of all before it.
    package static var replaying: EngineOptions { Self.test.with { $0.hold = .zero } }

    package func with(_ change: (inout EngineOptions) -> Void) -> EngineOptions {
        var options = self
        change(&options)
        return options
    }
}

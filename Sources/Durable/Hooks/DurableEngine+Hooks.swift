// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// What the testing kit asks an engine.
extension DurableEngine {
    /// The number under which it is registered; nil while it is not.
    package var executorNumber: Int32? {
        self.state.withLock {
            if case .ready(let core) = $0.phase { core.executor.lease?.identity.number } else { nil }
        }
    }

    /// The names of the workflows that it offers.
    package var offeredNames: [String] { self.registry.offers.map { $0.name } }
}

extension EngineOptions {
    /// How often to look for due workflows without a hint: at once again, where every checkpoint makes one.
    var claimInterval: Duration {
        self.hooks?.isAlwaysReplaying == true ? min(self.poll, .milliseconds(2)) : self.spareInterval
    }

    /// How often each errand is run without a hint from the poll, in case that one fails for long.
    var spareInterval: Duration { self.poll * 30 }
}

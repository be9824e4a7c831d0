// SPDX-License-Identifier: Apache-2.0

import Logging
import Synchronization

/// Lets the executor reach the engine's core, which is made after it.
final class CoreLink: Sendable {
    private let storage = Mutex<EngineCore?>(nil)

    var core: EngineCore? { self.storage.withLock { $0 } }

    func connect(_ core: EngineCore) { self.storage.withLock { $0 = core } }

    /// Lets go of the core, which refers to the executor: else neither would ever end, nor the lease's thread.
    func disconnect() { self.storage.withLock { $0 = nil } }

    /// What the engine does when its identity lapses, ends, or is replaced.
    func events(sweeps: Bell) -> ExecutorEvents {
        ExecutorEvents(
            lapsed: { [self] lease in
                self.core?.metrics?.leaseHasLapsed()
                self.core?.logger.warning("executor.lease_lapsed", metadata: ["executor": "\(lease.identity.number)"])
            },
            restored: { [self] lease in
                self.core?.logger.info("executor.lease_restored", metadata: ["executor": "\(lease.identity.number)"])
            },
            ended: { [self] lease, ending in
                self.core?.metrics?.leaseWasLost()
                self.core?.logger.warning(
                    "executor.superseded",
                    metadata: ["executor": "\(lease.identity.number)", "reason": "\(ending)"]
                )
                self.core?.dropRuns(of: lease.identity)
            },
            registered: { [self] lease in
                self.core?.writer.become(lease.identity)
                // What the old identity ran is picked up now, not with the next sweep.
                sweeps.ring()
            }
        )
    }
}

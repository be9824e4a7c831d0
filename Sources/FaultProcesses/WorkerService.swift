// SPDX-License-Identifier: Apache-2.0

package import Durable
import Foundation
package import Logging
import ServiceLifecycle
import UnixSignals

/// An engine as the service of a worker process, which is told what to do on its standard input and ends with it, so that it
/// never outlives whoever started it.
package enum WorkerService {
    /// Runs until the process is asked to leave.
    ///
    /// - Parameters:
    ///   - whenReady: Once the engine is ready, before `ready` is said on the standard output.
    ///   - hear: Each line of the standard input, on a thread of its own, which nothing that a step does can block.
    package static func run(
        _ engine: DurableEngine,
        _ logger: Logger,
        whenReady: @escaping @Sendable () async throws -> Void = {},
        hear: @escaping @Sendable (String) -> Void
    ) async throws {
        Thread.detachNewThread {
            while let line = readLine() { hear(line) }
            System.leave(3)
        }
        Task {
            try await engine.waitUntilReady()
            try await whenReady()
            System.write("ready", to: 1)
        }
        try await ServiceGroup(services: [engine], gracefulShutdownSignals: [.sigterm], logger: logger).run()
    }
}

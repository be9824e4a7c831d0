// SPDX-License-Identifier: Apache-2.0

import Libpq
public import ServiceLifecycle
import Synchronization

extension DurableEngine: Service {
    /// Runs until a graceful shutdown or a cancellation: prepares the schema, registers this process, takes up pending
    /// workflows, and keeps at it.
    ///
    /// A graceful shutdown lets running steps end within `EngineOptions.drain`, hands everything over, and frees the lease.
    ///
    /// - Throws: ``DurableError`` (`databaseUnavailable`, `schemaMismatch`) when it cannot begin, and `notRunning` when it was
    ///   run before.
    @concurrent
    public func run() async throws {
        let isFirst = self.state.withLock { state in
            guard case .idle = state.phase else { return false }
            state.phase = .starting
            return true
        }
        guard isFirst else { throw DurableError(.notRunning, "an engine runs once: make another one") }
        let parts: EngineParts
        do {
            try await SchemaMigrator(schema: self.schema, mode: self.options.migrate).prepare(self.database)
            parts = EngineParts(of: self)
            try await parts.begin(self)
        } catch {
            self.enter(.stopped(error))
            throw error
        }
        let listener = self.options.hooks?.clock?.listen {
            parts.core.claims.ring()
            parts.sweeper.bell.ring()
        }
        defer { if let listener { self.options.hooks?.clock?.forget(listener) } }
        await withTaskGroup { group in
            group.addTask {
                await parts.sweeper.sweepForEver {
                    // Before anything can be started: what was paused stays so across restarts.
                    await parts.obeyOperators()
                    self.enter(.ready(parts.core))
                }
            }
            group.addTask { await parts.sweeper.releaseOrphansForEver() }
            group.addTask { await parts.watch.watchForEver() }
            group.addTask { await parts.claimer.claimForEver() }
            group.addTask { await parts.routeForEver() }
            group.addTask { await parts.routeLineageForEver() }
            group.addTask { await parts.obeyOperatorsForEver() }
            group.addTask { await parts.pruneForEver() }
            group.addTask { await parts.measureQueuesForEver() }
            if let listener = parts.listener { group.addTask { await listener.listenForEver() } }
            await Self.waitForShutdown()
            self.enter(.stopped(nil))
            group.cancelAll()
        }
        // In a task of its own: the one that runs the engine may be cancelled, and handing over must not be.
        let drain = self.options.drain
        let isCut = self.database.gate?.isClosed ?? false
        await Task { isCut ? await parts.abandon() : await parts.shutDown(within: drain) }.value
    }

    private static func waitForShutdown() async {
        do {
            try await gracefulShutdown()
        } catch {
            // Cancelled rather than asked: the work is handed over all the same.
        }
    }
}

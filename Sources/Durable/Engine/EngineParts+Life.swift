// SPDX-License-Identifier: Apache-2.0

import Libpq
import Logging

extension EngineParts {
    /// Registers this process, and opens its connections.
    func begin(_ engine: DurableEngine) async throws {
        let (executor, writer) = (self.core.executor, self.core.writer)
        let options = engine.options
        do {
            for trigger in engine.triggers { try await self.core.directory.register(trigger) }
            for queue in options.queues { try await self.core.directory.declare(queue) }
            try await self.retention.register(options.retention)
            let lease = try await executor.register()
            try await writer.start(as: lease.identity)
            // It may have been replaced while the connections were opened.
            if let current = executor.lease?.identity, current != lease.identity { writer.become(current) }
        } catch {
            await executor.stop()
            self.link.disconnect()
            throw (error as? PostgresError).map { DurableError($0) } ?? error
        }
        engine.logger.info(
            "engine.started",
            metadata: [
                "executor.name": "\(executor.name)",
                "connections":
                    "\(options.journalConnections + options.transactionConnections + (options.listen ? 4 : 3))",
                "workflows": "\(engine.registry.offers.map { $0.name })",
            ]
        )
    }

    /// Interrupts every run at its next call, waits for steps that run, hands everything over, and frees the lease.
    func shutDown(within drain: Duration) async {
        self.core.leave()
        let runs = self.core.runs
        let isDrained = await Backoff.finishes(within: drain) { await runs.waitUntilEmpty() }
        if !isDrained {
            let left = runs.all
            self.core.logger.warning("engine.drain_ended", metadata: ["workflows": "\(left.map { $0.id })"])
            for run in left { run.cancelTask() }
            // What ignores its cancellation is left to the takeover: its lease is freed, its records are fenced.
            _ = await Backoff.finishes(within: .seconds(1)) { await runs.waitUntilEmpty() }
        }
        let writer = self.core.writer
        _ = await Backoff.finishes(within: .seconds(5)) { await writer.drain() }
        await self.core.executor.stop()
        self.core.writer.stop()
        self.core.directory.board.stop()
        self.core.directory.notifier.stop()
        self.core.pool.shutdown()
        self.housekeeping.shutdown()
        self.link.disconnect()
        await self.core.surroundings?.close()
        self.core.logger.info("engine.stopped")
    }

    /// Ends everything as the death of the process would: nothing is handed over, nothing is written.
    ///
    /// For tests of crashes, which have cut the connections before.
    func abandon() async {
        self.core.abandon()
        self.core.writer.stop()
        self.core.pool.shutdown()
        self.housekeeping.shutdown()
        self.core.directory.board.stop()
        self.core.directory.notifier.stop()
        let runs = self.core.runs
        // What ignores its cancellation goes on as it may, and can record nothing.
        _ = await Backoff.finishes(within: .seconds(1)) { await runs.waitUntilEmpty() }
        await self.core.executor.stop(within: .milliseconds(1))
        await self.core.surroundings?.close()
        self.link.disconnect()
    }
}

// SPDX-License-Identifier: Apache-2.0

import Durable
import Libpq
import Logging
import Synchronization

/// An engine that runs workflows of so many steps each, a fixed number of them in flight, until the time is over.
struct EngineLoad: Sendable {
    enum Kind: Sendable {
        case steps
        case transactions
    }

    var kind = Kind.steps
    let inFlight: Int
    let steps: Int
    let seconds: Double
    /// Whether the server's counters are read before and after.
    var isMetered = false

    /// What it came to.
    struct Outcome: Sendable {
        var workflows: Int
        var seconds: Double
        /// Processor seconds of this process, load included.
        var clientSeconds: Double
        /// From the beginning of one step to that of the next, where one workflow ran at a time.
        var latencies: Latencies
        /// What the server did for it, where that was asked for.
        var costs: ServerMeter?

        var workflowsPerSecond: Double { Double(self.workflows) / self.seconds }
    }

    func run(in database: BenchServer.Database) async throws -> Outcome {
        var logger = Logger(label: "bench")
        logger.logLevel = .warning
        if self.kind == .transactions {
            try await database.run("CREATE TABLE IF NOT EXISTS payment (id bigserial PRIMARY KEY, amount integer)")
        }
        var options = EngineOptions()
        options.transactionConnections = min(8, max(4, self.inFlight))
        let clock = self.inFlight == 1 ? StepClock() : nil
        let engine = try DurableEngine(
            database: database.configuration,
            workflows: [BenchStepper(clock: clock), BenchSpender()],
            options: options,
            logger: logger
        )
        let earlier = try await database.journalRows()
        let service = Task { try await engine.run() }
        var outcome: Outcome
        do {
            try await engine.waitUntilReady()
            // Connections, prepared statements, first pages.
            _ = try await self.measure(engine, until: ContinuousClock.now + .milliseconds(200))
            let before = self.isMetered ? try await ServerMeter.read(database) : nil
            let client = ProcessMeter.ownSeconds()
            let start = ContinuousClock.now
            let workflows = try await self.measure(engine, until: start + .seconds(self.seconds))
            outcome = Outcome(
                workflows: workflows,
                seconds: (ContinuousClock.now - start) / .seconds(1),
                clientSeconds: ProcessMeter.ownSeconds() - client,
                latencies: clock?.latencies ?? Latencies()
            )
            if let before {
                // A session reports what it has committed once a second.
                try await Task.sleep(for: .milliseconds(1_200))
                outcome.costs = try await ServerMeter.read(database) - before
            }
            service.cancel()
            _ = await service.result
        } catch {
            service.cancel()
            throw error
        }
        let ended = try await database.count("durable.outcome WHERE workflow_id < 'a' AND status = 'succeeded'")
        let rows = try await database.journalRows() - earlier
        // Those of the warm-up are among them; a database may have been measured in before.
        guard rows >= outcome.workflows * self.steps, ended >= outcome.workflows else {
            throw BenchFailure("\(outcome.workflows) workflows of \(self.steps) steps left \(rows) rows, \(ended) ends")
        }
        return outcome
    }

    /// How many workflows ended.
    @concurrent
    private func measure(_ engine: DurableEngine, until end: ContinuousClock.Instant) async throws -> Int {
        try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<self.inFlight {
                group.addTask {
                    var count = 0
                    repeat {
                        let done =
                            switch self.kind {
                            case .steps: try await engine.start(BenchStepper.self, self.steps).result()
                            case .transactions: try await engine.start(BenchSpender.self, self.steps).result()
                            }
                        guard done == self.steps else { throw BenchFailure("a workflow returned \(done)") }
                        count += 1
                    } while ContinuousClock.now < end
                    return count
                }
            }
            return try await group.reduce(0, +)
        }
    }
}

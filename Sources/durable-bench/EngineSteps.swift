// SPDX-License-Identifier: Apache-2.0

import Durable
import Libpq
import Logging
import Synchronization

/// The engine: workflows of so many steps each, a fixed number of them in flight, from the first start to the last result.
struct EngineSteps {
    let workflows: Int
    let inFlight: Int
    let steps: Int

    /// A workflow that does nothing but take steps.
    private struct Stepper: Workflow {
        static let name = "stepper"

        func run(_ steps: Int, in workflow: WorkflowContext) async throws -> Int {
            for _ in 0..<steps {
                _ = try await workflow.step("step") { _ in BenchPayload.value }
            }
            return steps
        }
    }

    /// Numbers from 1, each given once.
    private final class Tickets: Sendable {
        private let last = Atomic(0)

        func next() -> Int { self.last.add(1, ordering: .relaxed).newValue }
    }

    /// Steps a second.
    ///
    /// - Parameter rows: How many results the journal holds afterwards, if not only those of this run.
    func run(in database: BenchServer.Database, expectingRows rows: Int? = nil) async throws -> Double {
        var logger = Logger(label: "bench")
        logger.logLevel = .warning
        let engine = try DurableEngine(
            database: database.configuration,
            workflows: [Stepper()],
            options: EngineOptions(),
            logger: logger
        )
        let service = Task { try await engine.run() }
        let elapsed: Duration
        do {
            try await engine.waitUntilReady()
            elapsed = try await self.measure(engine)
            service.cancel()
            _ = await service.result
        } catch {
            service.cancel()
            throw error
        }
        try await database.expect(rows: rows ?? self.workflows * self.steps, of: "the engine")
        return Double(self.workflows * self.steps) / (elapsed / .seconds(1))
    }

    @concurrent
    private func measure(_ engine: DurableEngine) async throws -> Duration {
        let tickets = Tickets()
        let start = ContinuousClock.now
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<self.inFlight {
                group.addTask {
                    while tickets.next() <= self.workflows {
                        let done = try await engine.start(Stepper.self, self.steps).result()
                        guard done == self.steps else { throw BenchFailure("a workflow returned \(done)") }
                    }
                }
            }
            try await group.waitForAll()
        }
        return ContinuousClock.now - start
    }
}

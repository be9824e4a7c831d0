// SPDX-License-Identifier: Apache-2.0

import Durable
import Foundation
import TemporaryPostgres

/// A process beside 10,000 sleeping workflows and beside a million: its memory, its start, and how fast those wake that are due.
struct SleepersScenario {
    let sleepers: Int
    let due: Int

    /// What it came to.
    struct Figures {
        static let memoryCeiling = 8.0
        static let startCeiling = 0.5
        static let wakesFloor = 5_000.0

        let sleepers: Int
        /// MiB more than beside 10,000.
        let memory: Double
        /// Seconds more.
        let start: Double
        /// Workflows woken and ended a second.
        let wakes: Double

        var missedFloors: [String] {
            var missed: [String] = []
            if self.memory >= Self.memoryCeiling { missed.append("\(self.sleepers) sleepers cost \(self.memory) MiB") }
            if self.start >= Self.startCeiling {
                missed.append("\(self.sleepers) sleepers cost \(self.start) s at the start")
            }
            if self.wakes < Self.wakesFloor {
                missed.append("\(Int(self.wakes)) wake-ups/s, not \(Int(Self.wakesFloor))")
            }
            return missed
        }

        var json: String {
            let (memory, start) = (String(format: "%.2f", self.memory), String(format: "%.3f", self.start))
            return "{\"sleepers\":\(self.sleepers),\"more_mib\":\(memory),\"more_seconds\":\(start),"
                + "\"wakes_per_second\":\(Int(self.wakes))}"
        }
    }

    func run() async throws -> Figures {
        let server = try await BenchServer.start()
        let few = try await self.measure(10_000, on: server)
        let many = try await self.measure(self.sleepers, on: server)
        try await server.postgres.stop()
        return Figures(
            sleepers: self.sleepers,
            memory: Double(many.bytes - few.bytes) / 1_048_576,
            start: many.start - few.start,
            wakes: many.wakes
        )
    }

    private func measure(_ count: Int, on server: BenchServer) async throws -> (
        start: Double, bytes: Int, wakes: Double
    ) {
        let database = try await server.makeDatabase()
        let size = 100_000
        for first in stride(from: 1, through: count, by: size) {
            let last = min(count, first + size - 1)
            try await server.postgres.administer(
                """
                WITH made AS (
                    SELECT 'sleeper-' || lpad(i::text, 12, '0') AS id FROM generate_series(\(first), \(last)) AS i
                ), workflow AS (
                    INSERT INTO durable.workflow (id, name) SELECT id, 'sleeper' FROM made
                ), journal AS (
                    INSERT INTO durable.journal (workflow_id, scope, position, phase, kind, executor, run, name, due)
                    SELECT id, '', 0, 1, 3, 1, 1, 'sleep', '2000-01-01' FROM made
                )
                INSERT INTO durable.live (workflow_id, name, state, run_at, waiting_for)
                SELECT id, 'sleeper', 'waiting', '2100-01-01', 'sleep' FROM made
                """,
                database: database.name
            )
        }
        try await server.postgres.administer("VACUUM (ANALYZE)", database: database.name)
        try await server.postgres.administer("CHECKPOINT")
        let worker = try BenchWorker(database)
        let words = try await worker.line("ready").split(separator: " ")
        guard words.count == 3, let start = Double(words[1]), let bytes = Int(words[2]) else {
            throw BenchFailure("the worker said \(words)")
        }
        let due = min(self.due, count)
        let began = ContinuousClock.now
        try await server.postgres.administer(
            """
            UPDATE durable.live SET run_at = clock_timestamp()
            WHERE workflow_id <= 'sleeper-' || lpad('\(due)', 12, '0')
            """,
            database: database.name
        )
        while try await database.count("durable.outcome") < due { try await Task.sleep(for: .milliseconds(50)) }
        let wakes = Double(due) / ((ContinuousClock.now - began) / .seconds(1))
        print("\(count) asleep: ready in \(start) s, \(bytes / 1_048_576) MiB, \(Int(wakes)) wake-ups/s")
        worker.end()
        return (start, bytes, wakes)
    }
}

/// Sleeps, and ends.
struct BenchSleeper: Workflow {
    static var name: String { "sleeper" }

    func run(_ input: Nothing, in workflow: WorkflowContext) async throws -> Nothing {
        try await workflow.sleep(for: .seconds(3_600))
        return Nothing()
    }
}

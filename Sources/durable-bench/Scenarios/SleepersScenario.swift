// SPDX-License-Identifier: Apache-2.0

/// A process beside a few sleeping workflows and beside very many: its memory, its start, and how fast those wake that are due.
struct SleepersScenario: Scenario {
    static let name = "sleepers"
    static let words = "what a million sleeping workflows cost a process, and how many a second wake that are due"

    private let size: BenchSize

    init(size: BenchSize) { self.size = size }

    var cells: [Cell] {
        [
            Cell("sleepers", .once) { server in
                let few = try await server.measure { try await self.measure(self.size.sleepers / 100, in: $0) }
                let many = try await server.measure { try await self.measure(self.size.sleepers, in: $0) }
                let number = NumberText.number(Double(self.size.sleepers))
                let more = Double(many.bytes - few.bytes)
                let parked = max(0, more) / Double(self.size.sleepers * 99 / 100)
                return [
                    Reading(
                        "sleepers.memory",
                        "\(number) asleep, memory beyond 1 % of them",
                        more / 1_048_576,
                        .mebibytes
                    ),
                    Reading("cost.parked", "memory of one parked workflow", parked, .bytes),
                    Reading("sleepers.start", "the same, start of the process", many.start - few.start, .seconds),
                    Reading("sleepers.wakes", "workflows woken and ended", many.wakes, .perSecond),
                ]
            }
        ]
    }

    private func measure(
        _ count: Int,
        in database: BenchServer.Database
    ) async throws -> (start: Double, bytes: Int, wakes: Double) {
        let size = 100_000
        for first in stride(from: 1, through: count, by: size) {
            let last = min(count, first + size - 1)
            try await database.run(
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
                """
            )
        }
        try await database.run("VACUUM (ANALYZE)")
        try await database.run("CHECKPOINT")
        let worker = try BenchWorker(database)
        defer { worker.end() }
        let words = try await worker.line("ready").split(separator: " ")
        guard words.count == 2, let start = Double(words[1]) else { throw BenchFailure("the worker said \(words)") }
        // A few rounds of everything that it does by the clock.
        try await Task.sleep(for: .seconds(min(5, self.size.idleSeconds)))
        let bytes = try await worker.residentBytes()
        let due = min(self.size.due, count)
        let began = ContinuousClock.now
        try await database.run(
            """
            UPDATE durable.live SET run_at = clock_timestamp()
            WHERE workflow_id <= 'sleeper-' || lpad('\(due)', 12, '0')
            """
        )
        while try await database.count("durable.outcome") < due { try await Task.sleep(for: .milliseconds(50)) }
        return (start, bytes, Double(due) / ((ContinuousClock.now - began) / .seconds(1)))
    }
}

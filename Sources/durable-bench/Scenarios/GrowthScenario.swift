// SPDX-License-Identifier: Apache-2.0

import TemporaryPostgres

/// Steps and workflows a second while the tables hold many finished ones, beside the same on empty tables: what tells whether
/// an index or a plan grows with history.
struct GrowthScenario: Scenario {
    static let name = "growth"
    static let words = "steps and workflows a second with ten million finished workflows in the tables, beside none"

    private let size: BenchSize

    init(size: BenchSize) { self.size = size }

    var cells: [Cell] {
        [Cell("growth", .once) { try await self.measure(on: $0) }]
    }

    private func measure(on server: BenchServer) async throws -> [Reading] {
        let full = try await server.makeDatabase()
        try await self.fill(full)
        var readings: [Reading] = []
        for _ in 0..<min(3, self.size.rounds) {
            for (name, words, steps) in [
                ("steps", "steps of 1,000 workflows", 10), ("workflows", "one-step workflows", 1),
            ] {
                let load = EngineLoad(inFlight: 1_000, steps: steps, seconds: self.size.seconds)
                let empty = try await server.measure { try await load.run(in: $0) }
                try await full.run("CHECKPOINT")
                let grown = try await load.run(in: full)
                let number = NumberText.number(Double(self.size.finished))
                let rates = (empty.workflowsPerSecond * Double(steps), grown.workflowsPerSecond * Double(steps))
                readings += [
                    Reading("growth.\(name)_empty", "\(words), empty tables", rates.0, .perSecond),
                    Reading("growth.\(name)_full", "\(words), \(number) finished ones", rates.1, .perSecond),
                    Reading("growth.\(name)_ratio", "\(words), full tables to empty", rates.1 / rates.0, .times),
                ]
            }
        }
        try await server.postgres.dropDatabase(full.name)
        return readings
    }

    /// Finished workflows with one step each, their ids as an engine would have made them: in the order of time.
    ///
    /// The keys are made behind the rows, which takes a third of the time.
    private func fill(_ database: BenchServer.Database) async throws {
        let keys = ["workflow", "journal", "outcome"]
        var definitions: [String] = []
        for table in keys {
            let definition = try await database.run(
                "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = '\(table)_pkey'"
            )
            definitions.append("ALTER TABLE durable.\(table) ADD CONSTRAINT \(table)_pkey \(definition)")
            try await database.run("ALTER TABLE durable.\(table) DROP CONSTRAINT \(table)_pkey")
        }
        let size = 250_000
        let parts = Array(stride(from: 1, through: self.size.finished, by: size))
        try await withThrowingTaskGroup(of: Void.self) { group in
            for half in 0..<2 {
                group.addTask {
                    for (number, first) in parts.enumerated() where number % 2 == half {
                        let last = min(self.size.finished, first + size - 1)
                        try await database.run(Self.rows(first, last))
                        if number % 10 == 0 { Progress.say("    filled \(last) of \(self.size.finished)") }
                    }
                }
            }
            try await group.waitForAll()
        }
        for definition in definitions {
            try await database.run("SET maintenance_work_mem = '512MB'; \(definition)")
        }
        try await database.run("VACUUM (ANALYZE)")
    }

    private static func rows(_ first: Int, _ last: Int) -> String {
        """
        WITH made AS (
            SELECT 'finished-' || lpad(i::text, 12, '0') AS id FROM generate_series(\(first), \(last)) AS i
        ), workflow AS (
            INSERT INTO durable.workflow (id, name, input) SELECT id, 'stepper', '10' FROM made
        ), journal AS (
            INSERT INTO durable.journal (workflow_id, scope, position, phase, kind, executor, run, name, output)
            SELECT id, '', 0, 0, 1, 1, 1, 'step', to_json(repeat('x', 60)) FROM made
        )
        INSERT INTO durable.outcome (workflow_id, status, run, output) SELECT id, 'succeeded', 1, '10' FROM made
        """
    }
}

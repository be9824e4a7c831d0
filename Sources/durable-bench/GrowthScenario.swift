// SPDX-License-Identifier: Apache-2.0

import Foundation
import TemporaryPostgres

/// Steps a second by 1,000 workflows while the tables hold many finished ones, beside the same on empty tables: what tells
/// whether an index or a plan grows with history.
struct GrowthScenario {
    let rounds: Int
    let finished: Int

    /// What it came to.
    struct Figures {
        /// The least share of the speed on empty tables that is acceptable.
        static let floor = 0.9

        let finished: Int
        /// Steps a second: on empty tables, and on full ones.
        var rounds: [(empty: Double, full: Double)] = []

        /// The median of the rounds' ratios.
        var ratio: Double {
            let ratios = self.rounds.map { $0.full / $0.empty }.sorted()
            return ratios.isEmpty ? 0 : ratios[ratios.count / 2]
        }

        /// Words for the floor, if it was not reached.
        var missedFloors: [String] {
            self.ratio >= Self.floor
                ? [] : ["with \(self.finished) finished workflows it is \(self.ratio) of empty, not \(Self.floor)"]
        }

        /// One line for machines.
        var json: String {
            let ratio = String(format: "%.3f", self.ratio)
            return "{\"growth_ratio\":\(ratio),\"finished\":\(self.finished),\"rounds\":\(self.rounds.count)}"
        }
    }

    func run() async throws -> Figures {
        let server = try await BenchServer.start()
        let full = try await server.makeDatabase()
        try await self.fill(full)
        var figures = Figures(finished: self.finished)
        let load = EngineSteps(workflows: 10_000, inFlight: 1000, steps: 10)
        for number in 1...self.rounds {
            let empty = try await server.measure { try await load.run(in: $0) }
            try await server.postgres.administer("CHECKPOINT")
            let grown = try await load.run(in: full, expectingRows: load.workflows * load.steps * number)
            figures.rounds.append((empty, grown))
            print(String(format: "round %d: empty %.0f/s, full %.0f/s (%.2f)", number, empty, grown, grown / empty))
        }
        try await server.postgres.stop()
        return figures
    }

    /// Finished workflows with one step each, their ids as an engine would have made them: in the order of time.
    private func fill(_ database: BenchServer.Database) async throws {
        let size = 250_000
        for first in stride(from: 1, through: self.finished, by: size) {
            let last = min(self.finished, first + size - 1)
            try await database.server.postgres.administer(
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
                """,
                database: database.name
            )
            if first % 2_500_000 == 1 { print("filled \(last) of \(self.finished)") }
        }
        try await database.server.postgres.administer("VACUUM (ANALYZE)", database: database.name)
    }
}

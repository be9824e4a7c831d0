// SPDX-License-Identifier: Apache-2.0

import Foundation
import TemporaryPostgres

/// Measures every cell in every round, in turn and in alternating order, so that no cell always comes after the same one.
struct BenchRunner {
    let scenarios: [any Scenario]
    let rounds: Int
    /// Whether the server's commits reach the disk.
    let isDurable: Bool

    struct Results: Sendable {
        var figures: Figures
        /// What the server runs with.
        var settings: [String]
        var serverVersion: String
        var duration: Duration
    }

    func run() async throws -> Results {
        let start = ContinuousClock.now
        let server = try await BenchServer.start(isDurable: self.isDurable)
        let settings = try await server.settings()
        Progress.say("Postgres \(server.version), " + settings.joined(separator: ", "))
        var figures = Figures()
        let cells = self.scenarios.flatMap { $0.cells }
        for round in 1...self.rounds {
            let due = cells.filter { $0.repetition == .everyRound }
            for cell in round.isMultiple(of: 2) ? due.reversed() : due {
                Progress.say("round \(round) of \(self.rounds): \(cell.name)")
                try await self.measure(cell, on: server, into: &figures)
            }
        }
        for cell in cells where cell.repetition == .once {
            Progress.say(cell.name)
            try await self.measure(cell, on: server, into: &figures)
        }
        for scenario in self.scenarios {
            for ratio in scenario.ratios { figures.add(ratio) }
        }
        try await server.postgres.stop()
        return Results(
            figures: figures,
            settings: settings,
            serverVersion: server.version,
            duration: ContinuousClock.now - start
        )
    }

    private func measure(_ cell: Cell, on server: BenchServer, into figures: inout Figures) async throws {
        do {
            for reading in try await cell.measure(server) {
                Progress.say("    \(reading.words): \(NumberText.short(reading.value, reading.unit))")
                figures.add(reading)
            }
        } catch {
            throw BenchFailure("\(cell.name): \(error)")
        }
    }
}

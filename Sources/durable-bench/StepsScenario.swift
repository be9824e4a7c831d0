// SPDX-License-Identifier: Apache-2.0

import Foundation
import TemporaryPostgres

/// Steps a second, by one workflow and by 1,000 at once, beside what the same database does without an engine.
struct StepsScenario {
    let rounds: Int
    let seconds: Int

    func run() async throws -> Figures {
        let server = try await BenchServer.start()
        var figures = Figures(rounds: [])
        for number in 1...self.rounds {
            let round = try await self.round(server)
            figures.rounds.append(round)
            print(
                String(
                    format:
                        "round %d: pgbench -c 1 %.0f/s, sequential %.0f/s (%.2f), bulk %.0f/s, 1,000 workflows %.0f/s (%.2f)",
                    number,
                    round.pgbench,
                    round.sequential,
                    round.sequential / round.pgbench,
                    round.bulk,
                    round.concurrent,
                    round.concurrent / round.bulk
                )
            )
        }
        try await server.postgres.stop()
        return figures
    }

    private func round(_ server: BenchServer) async throws -> Figures.Round {
        let pgbench = try await server.measure { try await PgBench(seconds: self.seconds).run(in: $0) }
        let sequential = try await server.measure {
            try await EngineSteps(workflows: 1, inFlight: 1, steps: Int(pgbench) * self.seconds).run(in: $0)
        }
        let bulk = try await server.measure { try await BulkInsert(seconds: self.seconds).run(in: $0) }
        let waves = max(1, Int(bulk) * self.seconds / 2 / 10_000)
        let concurrent = try await server.measure {
            try await EngineSteps(workflows: 1000 * waves, inFlight: 1000, steps: 10).run(in: $0)
        }
        return Figures.Round(pgbench: pgbench, bulk: bulk, sequential: sequential, concurrent: concurrent)
    }
}

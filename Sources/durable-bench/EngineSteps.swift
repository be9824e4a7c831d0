// SPDX-License-Identifier: Apache-2.0

import Durable
import Libpq

/// The engine: workflows of so many steps each, a fixed number of them in flight, from the first start to the last result.
struct EngineSteps {
    let workflows: Int
    let inFlight: Int
    let steps: Int

    func run(in database: BenchServer.Database) async throws -> Double {
        return 1
    }
}

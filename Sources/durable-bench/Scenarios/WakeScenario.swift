// SPDX-License-Identifier: Apache-2.0

import Durable

/// From the sending of a signal in this process to the line behind the `receive` in another one, whose workflow was parked.
struct WakeScenario: Scenario {
    static let name = "wake"
    static let words = "milliseconds from a signal in one process to the wake-up in another"

    private let size: BenchSize

    init(size: BenchSize) { self.size = size }

    var cells: [Cell] {
        [
            Cell("wake-ups", .once) { server in
                let latencies = try await server.measure { try await self.wake(in: $0) }
                return [
                    Reading(
                        "wake.p50",
                        "signal to wake-up in another process",
                        latencies.percentile(0.5),
                        .milliseconds
                    ),
                    Reading("wake.p99", "the same, 99 of 100", latencies.percentile(0.99), .milliseconds),
                ]
            }
        ]
    }

    private func wake(in database: BenchServer.Database) async throws -> Latencies {
        let worker = try BenchWorker(database)
        defer { worker.end() }
        _ = try await worker.line("ready")
        let client = try DurableClient(database: database.configuration)
        defer { client.shutdown() }
        // The first ones open connections and prepare statements.
        let warmUp = 20
        for number in 0..<self.size.wakes + warmUp {
            try await client.start(BenchWaiter.self, id: "wake-\(number)")
        }
        while try await database.count("durable.live WHERE state <> 'waiting'") > 0 {
            try await Task.sleep(for: .milliseconds(20))
        }
        var latencies = Latencies()
        for number in 0..<self.size.wakes + warmUp {
            let sent = ProcessMeter.now()
            try await client.signal("wake-\(number)", "go", Nothing())
            let words = try await worker.line("woke wake-\(number)").split(separator: " ")
            guard words.count == 3, let woke = Int64(words[2]) else { throw BenchFailure("the worker said \(words)") }
            if number >= warmUp { latencies.samples.append(Double(woke - sent) / 1_000_000) }
        }
        return latencies
    }
}

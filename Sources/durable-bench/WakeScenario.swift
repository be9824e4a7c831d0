// SPDX-License-Identifier: Apache-2.0

import Durable
import Foundation
import Libpq
import TemporaryPostgres

/// From the sending of a signal in this process to the line behind the `receive` in another one, whose workflow was parked.
struct WakeScenario {
    let rounds: Int

    /// What it came to, in milliseconds.
    struct Figures {
        static let medianCeiling = 5.0
        static let tailCeiling = 50.0

        var latencies: [Double]

        private func percentile(_ share: Double) -> Double {
            let sorted = self.latencies.sorted()
            return sorted.isEmpty ? .infinity : sorted[min(sorted.count - 1, Int(Double(sorted.count) * share))]
        }

        var median: Double { self.percentile(0.5) }
        var tail: Double { self.percentile(0.99) }

        /// Words for each ceiling that was broken.
        var missedFloors: [String] {
            var missed: [String] = []
            if self.median >= Self.medianCeiling { missed.append("half of the wake-ups took \(self.median) ms") }
            if self.tail >= Self.tailCeiling { missed.append("one of 100 wake-ups took \(self.tail) ms") }
            return missed
        }

        /// One line for machines.
        var json: String {
            let (p50, p99) = (String(format: "%.2f", self.median), String(format: "%.2f", self.tail))
            return "{\"wake_p50_ms\":\(p50),\"wake_p99_ms\":\(p99),\"wakes\":\(self.latencies.count)}"
        }
    }

    func run() async throws -> Figures {
        let server = try await BenchServer.start()
        let database = try await server.makeDatabase()
        let worker = try BenchWorker(database)
        _ = try await worker.line("ready")
        let client = try DurableClient(database: database.configuration)
        defer { client.shutdown() }
        // The first ones open connections and prepare statements.
        let warmUp = 20
        for number in 0..<self.rounds + warmUp {
            try await client.start(BenchWaiter.self, id: "wake-\(number)")
        }
        while try await database.count("durable.live WHERE state <> 'waiting'") > 0 {
            try await Task.sleep(for: .milliseconds(20))
        }
        var figures = Figures(latencies: [])
        for number in 0..<self.rounds + warmUp {
            let sent = BenchWorker.now()
            try await client.signal("wake-\(number)", "go", Nothing())
            let words = try await worker.line("woke wake-\(number)").split(separator: " ")
            guard words.count == 3, let woke = Int64(words[2]) else { throw BenchFailure("the worker said \(words)") }
            if number >= warmUp { figures.latencies.append(Double(woke - sent) / 1_000_000) }
        }
        worker.end()
        try await server.postgres.stop()
        return figures
    }
}

/// Says on its standard output when it goes on, by a clock that all processes share.
struct BenchWaiter: Workflow {
    static var name: String { "waiter" }

    func run(_ input: Nothing, in workflow: WorkflowContext) async throws -> Nothing {
        _ = try await workflow.receive(Nothing.self, "go")
        BenchWorker.say("woke \(workflow.workflowID) \(BenchWorker.now())")
        return Nothing()
    }
}

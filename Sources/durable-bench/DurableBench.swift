// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Foundation

/// The benchmarks, see `Scripts/bench`.
@main
struct DurableBench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench",
        abstract:
            "Measures steps, workflows and what they cost, beside the ceilings of the same server and beside peers.",
        discussion: """
            Everything runs against one private Postgres with fsync on, in a fresh database for each measurement, in several \
            rounds of alternating order. What is being done goes to standard error; standard output has a table, and one line \
            of JSON for each figure. Scenarios:

            \(Scenarios.all.map { "  \($0.name): \($0.words)" }.joined(separator: "\n"))
            """
    )

    @Argument(help: "What is measured; by default everything.")
    var scenarios: [String] = []
    @Option(help: "How often everything is measured; the medians count.")
    var rounds: Int?
    @Option(help: "How long each measurement takes, about.")
    var seconds: Double?
    @Option(help: "How many finished workflows the tables hold for the scenario growth.")
    var finished: Int?
    @Flag(help: "Only tries whether every scenario still works: its figures mean nothing.")
    var smoke = false
    @Flag(help: "Exits with 1 if a figure is below its floor; else only if a step is below those of the kernel.")
    var check = false
    @Option(help: "Writes RESULTS.md, its charts and the figures as lines of JSON into this folder.")
    var report: String?
    @Option(help: "The interpreter of a virtual environment with the libraries of peers; without it they are left out.")
    var python: String?
    @Option(help: "The folder of the peers' loads.")
    var peers = "Benchmarks/peers"
    @Option(help: .hidden)
    var worker: String?

    func validate() throws {
        guard (1...100).contains(self.rounds ?? 1), (0.05...600).contains(self.seconds ?? 1),
            (1...1_000_000_000).contains(self.finished ?? 1)
        else {
            throw ValidationError("--rounds is 1 to 100, --seconds 0.1 to 600, --finished 1 to 1,000,000,000")
        }
        do {
            _ = try Scenarios.named(self.scenarios)
        } catch {
            throw ValidationError("\(error)")
        }
    }

    func run() async throws {
        if let worker { return try await BenchWorker.run(worker) }
        var size = self.smoke ? BenchSize.smoke : BenchSize()
        size.rounds = self.rounds ?? size.rounds
        size.seconds = self.seconds ?? size.seconds
        size.finished = self.finished ?? size.finished
        size.peers = self.python.map { BenchSize.Peers(python: $0, folder: self.peers) }
        let scenarios = try Scenarios.named(self.scenarios).map { $0.init(size: size) }
        let results = try await BenchRunner(scenarios: scenarios, rounds: size.rounds, isDurable: !self.smoke)
            .run()
        if let report {
            let surroundings = try await Surroundings.here(results, size)
            try Report(results: results, surroundings: surroundings).write(to: report)
            Progress.say("wrote \(report)/RESULTS.md")
        }
        if self.smoke { return print("bench: every scenario works") }
        print(FigureTable.text(results.figures))
        let missed = Floor.missed(by: results.figures)
        for words in missed { print("bench: below the floor: \(words)") }
        // Last, for whatever reads them.
        print(try FigureTable.json(results.figures))
        if let summary = try FigureTable.summary(results.figures) { print(summary) }
        let isBroken = !Floor.missed(by: results.figures, of: Floor.kernel).isEmpty
        if isBroken || self.check && !missed.isEmpty { throw ExitCode(1) }
    }
}

// SPDX-License-Identifier: Apache-2.0

import Foundation

/// What was tried and what was found.
struct Report: Sendable {
    let seed: UInt64
    let nemeses: [NemesisName]
    var leastPrograms = 0
    var leastStrikes = 0
    /// Nemeses that cannot be run here, and why.
    var notRun: [NemesisName: String] = [:]
    var rounds = 0
    /// Rounds that could not be held, which say nothing.
    var spoiled = 0
    var programs = 0
    var workflows = 0
    var records = 0
    var attempts = 0
    var runs = 0
    var takeovers = 0
    var workers = 0
    var mostConnections = 0
    var operators: [Operator: Int] = [:]
    var strikes: [NemesisName: Int] = [:]
    var violations: [Violation] = []
    /// The smallest round that still breaks what was broken, as JSON.
    var shrunk: String?

    init(seed: UInt64, nemeses: [NemesisName]) {
        self.seed = seed
        self.nemeses = nemeses
    }

    mutating func add(_ result: RoundResult) {
        self.rounds += 1
        self.programs += result.programs
        self.workflows += result.workflows
        self.records += result.records
        self.attempts += result.attempts
        self.runs += result.runs
        self.takeovers += result.takeovers
        self.workers += result.workers
        self.mostConnections = max(self.mostConnections, result.mostConnections)
        for (used, count) in result.operators { self.operators[used, default: 0] += count }
        for (name, count) in result.strikes { self.strikes[name, default: 0] += count }
        self.violations += result.violations
    }

    /// What was tried less often than asked for.
    var shortcomings: [String] {
        var found: [String] = []
        if self.spoiled * 20 > self.rounds {
            found.append("\(self.spoiled) rounds beside \(self.rounds) could not be held")
        }
        if self.programs < self.leastPrograms { found.append("\(self.programs) programs of \(self.leastPrograms)") }
        for name in self.nemeses where self.notRun[name] == nil {
            let count = self.strikes[name] ?? 0
            if count < self.leastStrikes {
                found.append("\(count) strikes of \(self.leastStrikes) by \(name.rawValue)")
            }
        }
        // Of few programs nothing can be said in percent.
        for used in Operator.allCases where self.programs >= 200 {
            let count = self.operators[used] ?? 0
            if count * 20 < self.programs { found.append("\(used.rawValue) in \(count) of \(self.programs) programs") }
        }
        return found
    }

    /// The exit status.
    var status: Int32 {
        if !self.violations.isEmpty || !self.shortcomings.isEmpty { return 1 }
        return self.notRun.isEmpty ? 0 : 3
    }

    /// For people.
    var table: String {
        func line(_ words: String, _ value: some CustomStringConvertible) -> String {
            "  \(words.padding(toLength: 34, withPad: " ", startingAt: 0)) \(value)"
        }
        var lines = ["", "programs"]
        lines.append(line("rounds", self.rounds))
        if self.spoiled > 0 { lines.append(line("rounds that could not be held", self.spoiled)) }
        lines.append(line("programs", self.programs))
        lines.append(line("workflows, with children", self.workflows))
        lines.append(line("recorded calls", self.records))
        lines.append(line("attempts of steps", self.attempts))
        lines.append(line("runs", self.runs))
        lines.append(line("takeovers", self.takeovers))
        lines.append(line("worker processes", self.workers))
        lines.append(line("most connections of a worker", self.mostConnections))
        lines += ["operators, in programs"]
        for used in Operator.allCases {
            let count = self.operators[used] ?? 0
            lines.append(line(used.rawValue, "\(count) (\(count * 100 / max(1, self.programs)) %)"))
        }
        lines += ["strikes while a program was in flight"]
        for name in self.nemeses {
            let words = self.notRun[name].map { "not run: \($0)" } ?? "\(self.strikes[name] ?? 0)"
            lines.append(line(name.rawValue, words))
        }
        lines.append("violations: \(self.violations.count)")
        for words in self.shortcomings { lines.append("below the counts: \(words)") }
        return lines.joined(separator: "\n")
    }

    /// For programs, on one line.
    var json: String {
        struct Fields: Encodable {
            var seed: UInt64
            var rounds, spoiled, programs, workflows, records, attempts, runs, takeovers, workers, connections: Int
            var operators: [String: Int]
            var strikes: [String: Int]
            var notRun: [String: String]
            var violations: [Violation]
            var shortcomings: [String]
            var shrunk: String?
        }
        func named<Key: RawRepresentable, Value>(_ table: [Key: Value]) -> [String: Value]
        where Key.RawValue == String {
            Dictionary(uniqueKeysWithValues: table.map { ($0.key.rawValue, $0.value) })
        }
        let fields = Fields(
            seed: self.seed,
            rounds: self.rounds,
            spoiled: self.spoiled,
            programs: self.programs,
            workflows: self.workflows,
            records: self.records,
            attempts: self.attempts,
            runs: self.runs,
            takeovers: self.takeovers,
            workers: self.workers,
            connections: self.mostConnections,
            operators: named(self.operators),
            strikes: named(self.strikes),
            notRun: named(self.notRun),
            violations: Array(self.violations.prefix(50)),
            shortcomings: self.shortcomings,
            shrunk: self.shrunk
        )
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return (try? encoder.encode(fields)).map { String(decoding: $0, as: UTF8.self) } ?? "{}"
    }
}

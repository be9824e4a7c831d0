// SPDX-License-Identifier: Apache-2.0

import Durable
import Foundation

/// Which protections the suite misses when they are switched off, and how soon.
struct ProtectionReport: Sendable {
    /// What came of one.
    struct Trial: Sendable, Encodable {
        var protection: Protection
        var seed: UInt64
        /// Programs up to the round in which it was missed, that one included.
        var programs: Int
        var rounds: Int
        /// Rounds that could not be held.
        var spoiled: Int
        var seconds: Int64
        /// How much was found, and the first of it; nil: nothing.
        var violations: Int
        var found: Violation?
    }

    let seed: UInt64
    var trials: [Trial] = []

    init(seed: UInt64) { self.seed = seed }

    mutating func add(_ protection: Protection, _ report: Report, in time: Duration) {
        // What the suite or the machine could not do says nothing of the engine.
        let violations = report.violations.filter { $0.invariant != Strikes.invariant }
        self.trials.append(
            Trial(
                protection: protection,
                seed: report.seed,
                programs: report.programs,
                rounds: report.rounds,
                spoiled: report.spoiled,
                seconds: time.components.seconds,
                violations: violations.count,
                found: violations.first
            )
        )
    }

    /// Those without which nothing was found.
    var notMissed: [Protection] { self.trials.filter { $0.found == nil }.map { $0.protection } }

    /// The exit status.
    var status: Int32 { self.notMissed.isEmpty ? 0 : 1 }

    /// For people.
    var table: String {
        func padded(_ value: some CustomStringConvertible, _ width: Int) -> String {
            value.description.padding(toLength: width, withPad: " ", startingAt: 0)
        }
        var lines = ["", "\(padded("without", 18))\(padded("programs", 10))\(padded("seconds", 9))found"]
        for trial in self.trials {
            lines.append(
                padded(trial.protection.rawValue, 18) + padded(trial.programs, 10) + padded(trial.seconds, 9)
                    + (trial.found.map { "\(trial.violations), first \($0)" } ?? "nothing")
            )
        }
        for protection in self.notMissed { lines.append("not missed: \(protection.rawValue)") }
        return lines.joined(separator: "\n")
    }

    /// For programs, on one line.
    var json: String {
        struct Fields: Encodable {
            var seed: UInt64
            var protections: [Trial]
            var notMissed: [Protection]
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let fields = Fields(seed: self.seed, protections: self.trials, notMissed: self.notMissed)
        return (try? encoder.encode(fields)).map { String(decoding: $0, as: UTF8.self) } ?? "{}"
    }
}

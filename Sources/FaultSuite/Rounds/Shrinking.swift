// SPDX-License-Identifier: Apache-2.0

import Foundation

/// Looks for a smaller round that still breaks what a round has broken.
///
/// Chance decides who is struck where, so each smaller one is tried a few times.
struct Shrinking: Sendable {
    let plan: RoundPlan
    let limit: Duration
    let say: @Sendable (String) -> Void
    /// How often a smaller round is tried before it counts as harmless.
    var tries = 2

    /// - Returns: The smallest round that was found, as JSON.
    func run(_ violations: [Violation]) async throws -> String {
        let end = ContinuousClock.now + self.limit
        var best = self.plan
        let invariants = Set(violations.map { $0.invariant })
        func breaks(_ plan: RoundPlan) async throws -> Bool {
            for _ in 0..<self.tries where ContinuousClock.now < end {
                let folder = Suite.folder()
                // One that could not be held says nothing.
                let result = try? await Round(plan: plan, folder: folder, patience: .seconds(90)).run()
                try? FileManager.default.removeItem(atPath: folder)
                if let result, result.violations.contains(where: { invariants.contains($0.invariant) }) { return true }
            }
            return false
        }
        /// Takes the first of some smaller rounds that still breaks it.
        func improve(_ candidates: [RoundPlan]) async throws -> Bool {
            for candidate in candidates where ContinuousClock.now < end {
                guard try await breaks(candidate) else { continue }
                best = candidate
                self.say(
                    "shrunk to \(best.scenarios.count) programs of \(best.scenarios.reduce(0) { $0 + $1.program.count }) "
                        + "operations under \(best.nemeses.map { $0.rawValue }.joined(separator: ", "))"
                )
                return true
            }
            return false
        }
        // Fewer programs first: one that was seen to be wrong, in copies, so that there is something to strike at.
        let guilty = self.plan.scenarios.filter { scenario in
            violations.contains { $0.workflow?.hasPrefix(scenario.id) ?? false }
        }
        var isOne = false
        for scenario in guilty.prefix(3) where !isOne { isOne = try await improve([best.copies(of: scenario)]) }
        func shrink(_ smaller: () -> [RoundPlan]) async throws {
            while ContinuousClock.now < end { guard try await improve(smaller()) else { return } }
        }
        try await shrink { best.withFewerNemeses }
        if isOne { try await shrink { best.withFewerOperations } }
        try await shrink { best.withFewerScenarios }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        let json = String(decoding: try encoder.encode(best), as: UTF8.self)
        self.say("the smallest that was found: Scripts/faults --plan '\(json)'")
        return json
    }
}

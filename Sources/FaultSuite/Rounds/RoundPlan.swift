// SPDX-License-Identifier: Apache-2.0

import Durable

/// What a round consists of; with the seed it says everything that chance does not.
struct RoundPlan: Codable, Sendable, Hashable {
    var seed: UInt64
    var nemeses: [NemesisName]
    var scenarios: [Scenario]
    /// Protections that are switched off.
    var off: [Protection] = []

    init(seed: UInt64, nemeses: [NemesisName], programs: Int, off: [Protection] = []) {
        var random = SplitMix(seed: seed)
        self.seed = seed
        self.nemeses = nemeses
        self.off = off
        self.scenarios = (0..<programs).map { index in
            let seed = random.next()
            return Scenario(id: "p\(index)-\(String(seed % 46_656, radix: 36))", seed: seed)
        }
    }

    var layout: Arena.Layout { self.nemeses.compactMap { $0.layout }.first ?? .proxy }

    /// How long the next program waits for its start.
    var feed: Duration { self.nemeses.contains { $0.isSlow } ? .milliseconds(700) : .milliseconds(300) }

    /// The same round, with one scenario in as many copies as it has scenarios.
    func copies(of scenario: Scenario) -> RoundPlan {
        var copy = self
        copy.scenarios = self.scenarios.indices.map { index in
            var scenario = scenario
            scenario.id = "p\(index)-copy"
            return scenario
        }
        return copy
    }

    /// The same with a nemesis less.
    var withFewerNemeses: [RoundPlan] {
        guard self.nemeses.count > 1 else { return [] }
        return self.nemeses.indices.map { index in
            var plan = self
            plan.nemeses.remove(at: index)
            return plan
        }
    }

    /// The same with a half or fewer of its scenarios.
    var withFewerScenarios: [RoundPlan] {
        guard self.scenarios.count > 1 else { return [] }
        let half = self.scenarios.count / 2
        return [Array(self.scenarios[..<half]), Array(self.scenarios[half...])].map { part in
            var plan = self
            plan.scenarios = part
            return plan
        }
    }

    /// The same with fewer operations in each of its scenarios, which are all alike.
    var withFewerOperations: [RoundPlan] {
        guard let first = self.scenarios.first else { return [] }
        return ProgramShrinker.candidates(of: first.program).map { program in
            var scenario = first
            scenario.program = program
            return self.copies(of: scenario)
        }
    }

    /// What runs it again.
    var command: String {
        let names = self.nemeses.map { $0.rawValue }.joined(separator: ",")
        let without = self.off.isEmpty ? "" : " --without \(self.off.map { $0.rawValue }.joined(separator: ","))"
        return "Scripts/faults --exactly --seed \(self.seed) --nemeses \(names) --programs \(self.scenarios.count) "
            + "--round \(self.scenarios.count)\(without)"
    }

    /// Nemeses that go together: the one that has struck least, and some others that are at home where it is.
    static func nemeses(_ counts: [NemesisName: Int], among all: [NemesisName], _ random: inout SplitMix)
        -> [NemesisName]
    {
        var draw = random.branch()
        let shuffled = all.shuffled(using: &draw)
        guard let first = shuffled.min(by: { (counts[$0] ?? 0) < (counts[$1] ?? 0) }) else { return [] }
        var chosen = [first]
        for other in shuffled where other != first && chosen.count < 3 {
            let layout = chosen.compactMap { $0.layout }.first
            guard other.layout == nil || layout == nil || other.layout == layout else { continue }
            // One that takes the whole server is enough.
            guard !(other.isSlow && chosen.contains { $0.isSlow }) else { continue }
            if random.chance(45) { chosen.append(other) }
        }
        return chosen
    }
}

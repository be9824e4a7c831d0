// SPDX-License-Identifier: Apache-2.0

import Durable
import FaultProcesses
import Foundation

/// Round after round, until everything was tried as often as asked for.
struct Suite: Sendable {
    let seed: UInt64
    let nemeses: [NemesisName]
    let programs: Int
    let leastStrikes: Int
    let programsOfRound: Int
    let limit: Duration
    let off: [Protection]
    /// One round, with the seed and all the nemeses at once.
    var isExact = false
    /// That round, if it is another than the seed's.
    var plan: RoundPlan?
    var stopsAtViolation = true
    /// How many rounds go on side by side: most of a round is waiting.
    var abreast = 1
    var shrinkingLimit = Duration.seconds(600)
    /// Told what goes on.
    var say: @Sendable (String) -> Void = { System.write($0, to: 1) }

    init(
        seed: UInt64,
        nemeses: [NemesisName],
        programs: Int,
        leastStrikes: Int,
        programsOfRound: Int,
        limit: Duration,
        off: [Protection] = []
    ) {
        self.seed = seed
        self.nemeses = nemeses
        self.programs = programs
        self.leastStrikes = leastStrikes
        self.programsOfRound = programsOfRound
        self.limit = limit
        self.off = off
    }

    func run() async throws -> Report {
        self.say("faults: seed \(self.seed)")
        var report = Report(seed: self.seed, nemeses: self.nemeses)
        report.leastPrograms = self.programs
        report.leastStrikes = self.leastStrikes
        for name in self.nemeses { report.notRun[name] = name.obstacle }
        var random = SplitMix(seed: self.seed)
        let end = ContinuousClock.now + self.limit
        var underWay: [RoundPlan] = []
        var broken: Held?
        await withTaskGroup(of: Held.self) { group in
            while true {
                while underWay.count < self.abreast, broken == nil, ContinuousClock.now < end,
                    let plan = self.plan(after: report, beside: underWay, &random)
                {
                    underWay.append(plan)
                    group.addTask { await self.hold(plan) }
                }
                guard let held = await group.next() else { return }
                underWay.removeAll { $0 == held.plan }
                self.tell(held)
                guard let result = held.result else {
                    report.spoiled += 1
                    continue
                }
                report.add(result)
                if self.stopsAtViolation, broken == nil, result.violations.contains(where: self.isOfInterest) {
                    broken = held
                }
            }
        }
        if let broken, let result = broken.result, self.shrinkingLimit > .zero {
            report.shrunk = try await Shrinking(plan: broken.plan, limit: self.shrinkingLimit, say: self.say)
                .run(result.violations)
        }
        return report
    }

    /// Where something is looked for, what the suite itself could not do is not it.
    private func isOfInterest(_ violation: Violation) -> Bool {
        self.off.isEmpty || violation.invariant != Strikes.invariant
    }

    /// A round that was held, or could not be.
    private struct Held: Sendable {
        var plan: RoundPlan
        var folder: String
        var time: Duration
        var result: RoundResult?
        /// Why it could not be held: of the machine, the servers or the suite, before anything could be said of the engine.
        var obstacle = ""
    }

    private func hold(_ plan: RoundPlan) async -> Held {
        let began = ContinuousClock.now
        var held = Held(plan: plan, folder: Self.folder(), time: .zero)
        do {
            held.result = try await Round(plan: plan, folder: held.folder).run()
        } catch {
            held.obstacle = "\(error)"
        }
        held.time = ContinuousClock.now - began
        return held
    }

    /// The next round; nil when what was held and what is under way is enough.
    private func plan(after report: Report, beside underWay: [RoundPlan], _ random: inout SplitMix) -> RoundPlan? {
        let able = self.nemeses.filter { $0.obstacle == nil }
        let held = report.rounds + report.spoiled + underWay.count
        if self.isExact || self.plan != nil {
            guard held == 0 else { return nil }
            let count = min(self.programs, self.programsOfRound)
            return self.plan ?? RoundPlan(seed: self.seed, nemeses: able, programs: count, off: self.off)
        }
        let left = self.programs - report.programs - underWay.reduce(0) { $0 + $1.scenarios.count }
        let isStruckEnough = able.allSatisfy { (report.strikes[$0] ?? 0) >= self.leastStrikes }
        // Rounds that only strikes are missing from are as large as the others. A suite that cannot hold rounds gives up.
        guard left > 0 || !isStruckEnough, report.spoiled < 5 + held / 10 else { return nil }
        var counts = report.strikes
        for plan in underWay { for name in plan.nemeses { counts[name, default: 0] += Self.strikesOfRound } }
        return RoundPlan(
            seed: random.next(),
            nemeses: RoundPlan.nemeses(counts, among: able, &random),
            programs: left > 0 ? min(left, self.programsOfRound) : self.programsOfRound,
            off: self.off
        )
    }

    /// About how often a nemesis strikes in a round.
    private static let strikesOfRound = 15

    static func folder() -> String {
        let parent = ProcessInfo.processInfo.environment["TMPDIR"].flatMap { $0.isEmpty ? nil : $0 } ?? "/tmp"
        return "\(parent)/durable-faults-\(String(UInt32.random(in: 0 ... .max), radix: 36))"
    }

    private func tell(_ held: Held) {
        let seconds = held.time.components.seconds
        guard let result = held.result else {
            self.say("round \(held.plan.seed) could not be held: \(held.obstacle); \(seconds) s; files: \(held.folder)")
            return
        }
        let strikes = result.plan.nemeses.map { "\($0.rawValue) \(result.strikes[$0] ?? 0)" }.joined(separator: ", ")
        self.say(
            "round \(result.plan.seed): \(result.programs) programs, \(result.records) records, \(result.runs) runs, "
                + "\(result.takeovers) takeovers; \(strikes); \(result.violations.count) violations; \(seconds) s"
        )
        guard !result.violations.isEmpty else { return }
        for violation in result.violations.prefix(20) { self.say("VIOLATION \(violation)") }
        self.say("files of its workers: \(held.folder)")
        self.say("again: \(result.plan.command)")
    }
}

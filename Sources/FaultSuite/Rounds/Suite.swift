// SPDX-License-Identifier: Apache-2.0

import Durable
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
    var stopsAtViolation = true
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
        let able = self.nemeses.filter { $0.obstacle == nil }
        for name in self.nemeses { report.notRun[name] = name.obstacle }
        var random = SplitMix(seed: self.seed)
        let end = ContinuousClock.now + self.limit
        repeat {
            let left = max(1, self.programs - report.programs)
            let plan: RoundPlan
            if self.isExact {
                plan = RoundPlan(
                    seed: self.seed,
                    nemeses: able,
                    programs: min(self.programs, self.programsOfRound),
                    off: off
                )
            } else {
                plan = RoundPlan(
                    seed: random.next(),
                    nemeses: RoundPlan.nemeses(report.strikes, among: able, &random),
                    // Rounds that only strikes are missing from are as large as the others.
                    programs: report.programs >= self.programs ? self.programsOfRound : min(left, self.programsOfRound),
                    off: self.off
                )
            }
            let began = ContinuousClock.now
            let folder = Self.folder()
            let result = try await Round(plan: plan, folder: folder).run()
            report.add(result)
            self.say(self.line(of: result, in: ContinuousClock.now - began))
            guard result.violations.isEmpty else {
                self.tell(result, folder)
                if self.stopsAtViolation {
                    if self.shrinkingLimit > .zero {
                        report.shrunk = try await Shrinking(plan: plan, limit: self.shrinkingLimit, say: self.say)
                            .run(result.violations)
                    }
                    break
                }
                continue
            }
        } while !self.isExact && !self.isDone(report, able) && ContinuousClock.now < end
        return report
    }

    private func isDone(_ report: Report, _ able: [NemesisName]) -> Bool {
        report.programs >= self.programs && able.allSatisfy { (report.strikes[$0] ?? 0) >= self.leastStrikes }
    }

    static func folder() -> String {
        let parent = ProcessInfo.processInfo.environment["TMPDIR"].flatMap { $0.isEmpty ? nil : $0 } ?? "/tmp"
        return "\(parent)/durable-faults-\(String(UInt32.random(in: 0 ... .max), radix: 36))"
    }

    private func line(of result: RoundResult, in time: Duration) -> String {
        let strikes = result.plan.nemeses.map { "\($0.rawValue) \(result.strikes[$0] ?? 0)" }.joined(separator: ", ")
        return
            "round \(result.plan.seed): \(result.programs) programs, \(result.records) records, \(result.runs) runs, "
            + "\(result.takeovers) takeovers; \(strikes); \(result.violations.count) violations; \(time.components.seconds) s"
    }

    private func tell(_ result: RoundResult, _ folder: String) {
        for violation in result.violations.prefix(20) { self.say("VIOLATION \(violation)") }
        let names = result.plan.nemeses.map { $0.rawValue }.joined(separator: ",")
        let without = self.off.isEmpty ? "" : " --without \(self.off.map { $0.rawValue }.joined(separator: ","))"
        self.say("files of its workers: \(folder)")
        self.say(
            "again: Scripts/faults --exactly --seed \(result.plan.seed) --nemeses \(names) "
                + "--programs \(result.plan.scenarios.count) --round \(result.plan.scenarios.count)\(without)"
        )
    }
}

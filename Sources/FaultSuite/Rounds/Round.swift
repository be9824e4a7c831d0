// SPDX-License-Identifier: Apache-2.0

import Foundation
import Synchronization
import TemporaryPostgres

/// One batch of programs under some nemeses, in an arena of its own, and what is to be said about it.
struct Round: Sendable {
    let plan: RoundPlan
    /// A folder for its files; removed unless something was found.
    let folder: String
    /// How long after its last start everything must have ended.
    var patience = Duration.seconds(300)
    /// Looks at the arena while it is still there, and at what is known of it.
    var inspect: (@Sendable (Arena, Monitor, Evidence) async throws -> Void)?

    /// Runs it.
    func run() async throws -> RoundResult {
        let accepted = Mutex<Caller?>(nil)
        let arena = try await Arena.open(self.plan.layout, folder: self.folder, off: self.plan.off) { id in
            accepted.withLock { $0 }?.workerAccepted(id)
        }
        do {
            let caller = try Caller(arena)
            accepted.withLock { $0 = caller }
            let result = try await self.run(arena, caller)
            caller.shutdown()
            await arena.close()
            if result.violations.isEmpty || !self.plan.off.isEmpty { arena.removeFolder() }
            return result
        } catch {
            await arena.close()
            throw error
        }
    }

    private func run(_ arena: Arena, _ caller: Caller) async throws -> RoundResult {
        let monitor = Monitor(arena, caller)
        let watching = Task { await monitor.run() }
        defer { watching.cancel() }
        var random = SplitMix(seed: self.plan.seed ^ 0xFA17)
        let strikes = Strikes()
        let striking = Task { [random] in
            await withTaskGroup { group in
                for name in self.plan.nemeses {
                    let random = random.branched(by: name.rawValue)
                    group.addTask { [random] in
                        var random = random
                        await self.torment(name, arena, caller, strikes, &random)
                    }
                }
            }
        }
        for scenario in self.plan.scenarios {
            // In order, and one after the other: how fast they come is part of the plan.
            await caller.take(scenario, &random)
            try await Task.sleep(for: self.plan.feed)
            try arena.fleet.lookAfter()
        }
        // What is still under way is struck for a while.
        try? await Deadline.wait("programs end under fire", within: .seconds(15), every: .milliseconds(50)) {
            try arena.fleet.lookAfter()
            return caller.inFlight == 0
        }
        strikes.end()
        await striking.value
        arena.proxy?.set(.fair)
        var sightings: [Violation] = []
        do {
            // What was seen before the last strike, or while it was made, says nothing.
            let looks = monitor.looks + 1
            try await Deadline.wait("everything ends", within: self.patience, every: .milliseconds(50)) {
                try arena.fleet.lookAfter()
                return monitor.looks > looks && caller.inFlight == 0 && monitor.isQuiet
            }
            // What its callers are told is on its way.
            try? await Deadline.wait("callers are told", within: .seconds(30)) { caller.areAllTold }
            sightings += await monitor.sessionTrouble()
        } catch let passed as Deadline.Passed {
            sightings.append(Violation(invariant: EveryStartEnds.name, workflow: nil, words: passed.description))
        }
        var evidence = Evidence()
        evidence.scenarios = caller.accepted
        evidence.cancelled = caller.cancelled
        evidence.told = caller.told
        evidence.answers = caller.answers
        evidence.restoredAt = arena.restoredAt
        let unexpected = arena.fleet.unexpected.map {
            Violation(invariant: "workers live", workflow: nil, words: $0)
        }
        evidence.sightings = sightings + monitor.sightings + caller.refusals + unexpected + strikes.trouble
        evidence.load(files: arena.fleet.files)
        try await evidence.load(arena.configuration)
        var result = RoundResult(plan: self.plan, evidence: evidence, strikes: strikes.counts)
        result.takeovers = try await Self.takeovers(arena)
        result.workers = arena.fleet.starts
        result.mostConnections = monitor.mostConnections
        try await self.inspect?(arena, monitor, evidence)
        return result
    }

    private static func takeovers(_ arena: Arena) async throws -> Int {
        let text = try await arena.primary.administer(
            "SELECT count(*) FROM durable.executor WHERE fenced_at IS NOT NULL",
            database: arena.database
        )
        return Int(text.prefix { $0.isNumber }) ?? 0
    }

    /// Strikes again and again while programs are in flight.
    private func torment(
        _ name: NemesisName,
        _ arena: Arena,
        _ caller: Caller,
        _ strikes: Strikes,
        _ random: inout SplitMix
    ) async {
        let nemesis = name.nemesis
        while !strikes.isOver {
            try? await Task.sleep(for: .milliseconds(random.pick(name.isSlow ? 300...1_200 : 150...700)))
            guard caller.inFlight > 0, !strikes.isOver else { continue }
            do {
                guard let strike = try await nemesis.strike(arena, &random) else { continue }
                // Only what struck while a program was in flight counts.
                if caller.inFlight > 0 { strikes.count(name) }
                try? await Task.sleep(for: strike.lasts)
                try await strike.heal()
            } catch {
                strikes.failed(name, error)
                return
            }
        }
    }
}

// SPDX-License-Identifier: Apache-2.0

import Foundation
import Libpq
import Testing

/// Where a process is killed.
struct Kill: Sendable, CustomStringConvertible {
    var moment: String
    var point: String

    var description: String { "\(self.moment) \(self.point)" }
}

/// An undisturbed run of the workflow that has one of everything: what disturbed ones are compared with.
struct MatrixRun: Sendable {
    /// The kill that came before it, if it is a recovery.
    var former: Kill?
    /// The points of its trace, in order.
    var points: [String]
    var result: String
    /// What its journal holds.
    var journal: [String]

    /// How many points of each kind it has.
    var kinds: [String: Int] {
        Dictionary(grouping: self.points) { String($0.prefix { $0 != "#" }) }.mapValues(\.count)
    }

    /// A lease and a poll so long that nothing of the engine's own happens meanwhile: the trace is the workflow's.
    ///
    /// Who comes after takes over at once all the same, since it has the dead process's name.
    private static func options(_ fixture: FaultFixture, _ trace: String, _ kill: Kill? = nil) -> [String: String] {
        var options = ["name": "matrix", "lease": "60000", "poll": "60000", "trace": "\(fixture.folder)/\(trace)"]
        if let kill { options["fault"] = "kill@\(kill.moment)@\(kill.point)" }
        return options
    }

    private static func trace(_ fixture: FaultFixture, _ trace: String) throws -> [String] {
        try String(contentsOfFile: "\(fixture.folder)/\(trace)", encoding: .utf8).split(separator: "\n").map(
            String.init
        )
    }

    /// Runs the workflow, or goes on with it after a first process was killed.
    static func undisturbed(after former: Kill?) async throws -> MatrixRun {
        try await FaultFixture.run { fixture in
            if let former { _ = try await self.kill(former, fixture, recovers: false) }
            let worker = try fixture.worker(self.options(fixture, "trace"))
            try await worker.hear("ready")
            worker.say(former == nil ? "start matrix m" : "await m")
            let result = try await worker.hear("result m")
            return MatrixRun(
                former: former,
                points: try self.trace(fixture, "trace").filter { $0.hasPrefix("sending ") }.map {
                    String($0.dropFirst(8))
                },
                result: result,
                journal: try await fixture.journal("m").map(\.content)
            )
        }
    }

    /// Has a process run the workflow, and die at a point.
    private static func kill(_ kill: Kill, _ fixture: FaultFixture, recovers: Bool) async throws -> Worker {
        let trace = recovers ? "recovery" : "first"
        let worker = try fixture.worker(self.options(fixture, trace, kill))
        try await wait("a process is ready or dead, \(kill)") {
            worker.lines.contains("ready") || worker.status != nil ? nil : worker.report
        }
        // Whoever recovers has the work already.
        worker.say(recovers ? "await m" : "start matrix m")
        try await wait("a process is killed \(kill)") { worker.status == nil ? worker.report : nil }
        let last = try self.trace(fixture, trace).last
        #expect(last == "kill \(kill)", "\(worker.report)")
        return worker
    }

    /// Kills a process at a point, has another one go on, and checks what came of it.
    ///
    /// - Returns: The signal that ended the process.
    func killed(_ kill: Kill) async throws -> Int32? {
        try await FaultFixture.run { fixture in
            var dead: [Worker] = []
            if let former { dead.append(try await Self.kill(former, fixture, recovers: false)) }
            dead.append(try await Self.kill(kill, fixture, recovers: self.former != nil))
            let recorded = try await fixture.journal("m")
            self.checkOrder(kill, recorded, fixture)

            let heir = try fixture.worker(Self.options(fixture, "heir"))
            try await heir.hear("ready")
            // As a caller does whose request got no answer.
            heir.say("start matrix m")
            let result = try await heir.hear("a result, \(kill)") {
                $0.hasPrefix("result m ") || $0.hasPrefix("failed m ")
            }
            #expect(result == self.result, "\(kill)")
            try await self.check(kill, fixture, dead.map(\.pid) + [heir.pid])
            return dead.last?.signal
        }
    }

    // MARK: - Checks

    /// What must have been recorded before the effect of a step may begin; what comes before that is implied.
    private static let requirements: [String: [String]] = [
        "charge": ["reserve"], "left": ["charge", "book"], "right": ["charge", "book"], "right-again": ["right"],
        "fast": ["parallel", "left", "left-book", "right", "right-again"], "pack": ["race", "fast"],
        "send": ["pack", "sleep", "confirm"],
    ]

    /// No effect began before everything that it depends on was durable.
    private func checkOrder(_ kill: Kill, _ recorded: [JournalRow], _ fixture: FaultFixture) {
        for effect in fixture.effects {
            for name in Self.requirements[effect.place] ?? [] {
                #expect(
                    recorded.contains { $0.name == name && $0.phase == 0 },
                    "\(kill): \(effect.place) began before \(name) was durable"
                )
            }
            if effect.place == "charge", effect.attempt > 1 {
                #expect(
                    recorded.contains { $0.name == "charge" && $0.phase == 1 },
                    "\(kill): the retry came before its note"
                )
            }
        }
    }

    /// - Parameter processes: Their pids, in the order in which they lived.
    private func check(_ kill: Kill, _ fixture: FaultFixture, _ processes: [Int32]) async throws {
        let journal = try await fixture.journal("m")
        #expect(journal.map(\.content) == self.journal, "\(kill)")
        let bookings = try await fixture.sql("SELECT part FROM booking ORDER BY part").map {
            try $0.decode(0, as: String.self)
        }
        #expect(bookings == ["book", "confirm", "left"], "\(kill)")
        #expect(try await fixture.count("durable.outcome") == 1, "\(kill)")
        #expect(try await fixture.count("durable.live") == 0, "\(kill)")
        #expect(try await fixture.count("durable.workflow") == 1, "\(kill)")

        let effects = fixture.effects.filter(\.isBeginning)
        for row in journal where row.kind == 1 {
            // The note of a failed attempt bears its number; the result is that of the last attempt.
            let attempt = row.phase > 0 ? Int(row.phase) : (row.name == "charge" ? 2 : 1)
            let begun = effects.filter { $0.place == row.name && $0.attempt == attempt }.map(\.pid)
            #expect(
                Set(begun).count == begun.count,
                "\(kill): an attempt of \(row.name) ran twice in one process: \(begun)"
            )
            // The lives of the processes do not overlap: who ran it last has recorded it, and nobody ran it after that.
            let last = begun.max { (processes.firstIndex(of: $0) ?? 0) < (processes.firstIndex(of: $1) ?? 0) }
            #expect(last == row.pid, "\(kill): \(row) was run by \(begun), of \(processes)")
        }
        #expect(effects.allSatisfy { effect in journal.contains { $0.name == effect.place } }, "\(kill)")
    }
}

// SPDX-License-Identifier: Apache-2.0

import Durable
import Foundation
import Testing

extension FaultTests {
    /// SIGKILL before, during and after waits of days: a calendar sleep, a poll, and the cancellation of a family that waits.
    @Suite struct ParkedKillTests {
        private static let options = ["name": "parked", "hold": "0", "poll": "50"]

        /// Where the first process is killed.
        private enum Death: Sendable, CustomStringConvertible {
            case at(Kill)
            /// When the workflow is parked, and nothing happens.
            case parked

            var description: String {
                switch self {
                case .at(let kill): "killed \(kill)"
                case .parked: "killed while it is parked"
                }
            }

            static func points(_ names: [String], _ numbers: ClosedRange<Int>) -> [Death] {
                names.flatMap { name in
                    numbers.flatMap { number in
                        ["before", "after"].map { .at(Kill(moment: $0, point: "\(name)#\(number)")) }
                    }
                } + [.parked]
            }
        }

        /// Two processes one after the other: the first is killed, the second ends what it has begun.
        private struct Succession {
            let fixture: FaultFixture
            let death: Death
            let first: Worker
            private(set) var heir: Worker?

            init(_ fixture: FaultFixture, _ death: Death) throws {
                self.fixture = fixture
                self.death = death
                var options = ParkedKillTests.options
                if case .at(let kill) = death { options["fault"] = "kill@\(kill.moment)@\(kill.point)" }
                self.first = try fixture.worker(options)
            }

            /// Starts a workflow with the first process, or with the second one where the first has not lived to do it.
            mutating func start(_ name: String, _ id: String) async throws {
                try await wait("the first process is ready or dead, \(self.death)") {
                    self.first.lines.contains("ready") || self.first.status != nil ? nil : self.first.report
                }
                self.first.say("start \(name) \(id)")
                try await wait("the workflow is started, or nobody is left to do it, \(self.death)") {
                    let isThere = try await self.fixture.count("durable.workflow") > 0
                    return isThere || self.first.status != nil ? nil : self.first.report
                }
                guard try await self.fixture.count("durable.workflow") == 0 else { return }
                try await self.follow()
                try await self.heir?.hear("ready")
                self.heir?.say("start \(name) \(id)")
            }

            /// Starts the second process once the first is dead.
            mutating func follow() async throws {
                guard self.heir == nil, self.first.status != nil else { return }
                self.heir = try self.fixture.worker(ParkedKillTests.options)
            }

            /// Kills the first process, if that is what is to become of it when everything waits.
            func parked() {
                if case .parked = self.death, self.first.status == nil { self.first.send(SIGKILL) }
            }

            var report: String { "\(self.death): \(self.first.report) \(self.heir?.report ?? "")" }
            var isKilled: Bool { self.first.signal == SIGKILL }
        }

        // MARK: - A family that is cancelled

        @Test func `a cancellation reaches the children that follow and undoes everything, whoever dies meanwhile`()
            async throws
        {
            let names = [
                "batch(record)", "batch()", "batch(release)", "batch(record+release)", "batch(outcome)", "claim",
            ]
            let deaths = Death.points(names, 1...4)
            let killed = try await concurrently(deaths, 4) { try await Self.cancelled($0) }
            print("\(killed.count { $0 }) of \(killed.count) points of a cancellation were met")
            #expect(killed.count { $0 } >= 16, "the workflows come to far fewer points than they did")
        }

        private static func cancelled(_ death: Death) async throws -> Bool {
            try await FaultFixture.run { fixture in
                var processes = try Succession(fixture, death)
                try await processes.start("cascade", "m")
                var isAsked = false
                try await wait("parent and child are cancelled, \(death)") {
                    try await processes.follow()
                    let waiting = try await fixture.count("durable.live WHERE state = 'waiting'")
                    if waiting == 3, !isAsked {
                        processes.parked()
                        _ = try await fixture.sql("SELECT durable.cancel('m', 'no')")
                        isAsked = true
                    }
                    let ended = try await fixture.count("durable.outcome WHERE status = 'cancelled'")
                    return ended == 2 ? nil : "\(waiting) wait, \(ended) ended; \(processes.report)"
                }
                let reason = try await fixture.value(
                    "SELECT error ->> 'message' FROM durable.outcome WHERE workflow_id = 'm/1'",
                    as: String.self
                )
                #expect(reason == "its parent m was cancelled", "\(death)")
                let ended = fixture.effects.filter { !$0.isBeginning }.map(\.place)
                for place in ["book", "undo-book", "work-1", "undo-work-1", "work-2"] {
                    #expect((1...2).contains(ended.count { $0 == place }), "\(death): \(place) in \(ended)")
                }
                #expect(!ended.contains("undo-work-2"), "\(death): \(ended)")
                let detached = try await fixture.value(
                    "SELECT workflow_id || ' ' || state FROM durable.live",
                    as: String.self
                )
                #expect(detached == "m/2 waiting", "\(death)")
                try await wait("no request is left, \(death)") {
                    let left = try await fixture.count("durable.cancellation")
                    return left == 0 ? nil : "\(left) are"
                }
                return processes.isKilled
            }
        }

        // MARK: - A sleep by the calendar

        @Test func `a sleep until nine ends at nine, whoever dies before, during or after it`() async throws {
            let deaths = Death.points(["batch(record)", "batch(release)", "claim", "batch(record+release)"], 1...3)
            let ends = try await concurrently(deaths, 6) { try await Self.slept($0) }
            print("\(ends.count { $0 == true }) of \(ends.count) points of a calendar sleep were met")
            #expect(ends.count { $0 == true } >= 6, "the workflow comes to far fewer points than it did")
            #expect(ends.count { $0 == nil } <= 4, "too often the sleep had not begun when the time was over")
        }

        /// - Returns: Whether the first process was killed; nil when it slept for a day, since nine had struck before.
        private static func slept(_ death: Death) async throws -> Bool? {
            try await FaultFixture.run { fixture in
                // By the database's clock it is shortly before nine.
                _ = try await fixture.sql(
                    """
                    DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET durable.clock_shift = %L', current_database(),
                        time '08:59:40' - (clock_timestamp() AT TIME ZONE 'UTC')::time); END $$
                    """
                )
                var processes = try Succession(fixture, death)
                try await processes.start("calendar", "m")
                var isLate = false
                try await wait("the workflow ends, \(death)", within: .seconds(120)) {
                    try await processes.follow()
                    let due = "SELECT coalesce(max(due - at) > '12 h', false) FROM durable.journal WHERE phase = 1"
                    isLate = try await fixture.value("\(unescaped: due)", as: Bool.self)
                    if try await fixture.count("durable.live WHERE state = 'waiting'") == 1 { processes.parked() }
                    if isLate { return nil }
                    return try await fixture.output("m") == nil ? processes.report : nil
                }
                if isLate { return nil }
                let times = try await fixture.value(
                    """
                    SELECT concat_ws(' ', min(due AT TIME ZONE 'UTC')::time, count(DISTINCT due), bool_and(at >= due)
                        FILTER (WHERE phase = 0)) FROM (
                            SELECT phase, at, max(due) OVER () AS due FROM durable.journal WHERE position = 1) AS slept
                    """,
                    as: String.self
                )
                #expect(times == "09:00:00 1 t", "\(death)")
                let ended = fixture.effects.filter { !$0.isBeginning }.map(\.place)
                for place in ["before", "after"] {
                    #expect((1...2).contains(ended.count { $0 == place }), "\(death): \(ended)")
                }
                #expect(try await fixture.output("m") == "succeeded \"m\"", "\(death)")
                return processes.isKilled
            }
        }

        // MARK: - A poll

        @Test func `a poll looks again after its time, whoever dies before, during or after a look`() async throws {
            let names = ["batch(record)", "batch(release)", "claim", "batch(commit)", "batch(record+release)"]
            let killed = try await concurrently(Death.points(names, 1...3), 4) { try await Self.polled($0) }
            print("\(killed.count { $0 }) of \(killed.count) points of a poll were met")
            #expect(killed.count { $0 } >= 10, "the workflow comes to far fewer points than it did")
        }

        private static func polled(_ death: Death) async throws -> Bool {
            try await FaultFixture.run { fixture in
                var processes = try Succession(fixture, death)
                try await processes.start("poll", "m")
                func looks() -> Int { fixture.effects.count { $0.place == "look" && !$0.isBeginning } }
                try await wait("the workflow ends, \(death)") {
                    try await processes.follow()
                    if looks() == 2, try await fixture.count("durable.live WHERE state = 'waiting'") == 1 {
                        processes.parked()
                    }
                    // It is there to be seen once the process that was to die is dead, or has looked for long enough.
                    if looks() >= (processes.isKilled ? 3 : 6) {
                        _ = FileManager.default.createFile(atPath: fixture.effectsPath + ".found", contents: nil)
                    }
                    return try await fixture.output("m") == nil ? "\(looks()) looks; \(processes.report)" : nil
                }
                #expect(try await fixture.output("m") == "succeeded \"m true\"", "\(death)")
                let journal = try await fixture.journal("m").map { "\($0.position)|\($0.phase)" }
                #expect(journal == ["0|0", "0|32767", "1|0"], "\(death): \(journal)")
                #expect(looks() >= 3)
                return processes.isKilled
            }
        }
    }
}

// SPDX-License-Identifier: Apache-2.0

import Foundation
import Libpq
import Testing

extension FaultTests {
    /// SIGKILL while steps are undone, children run, a workflow begins anew, and one is cancelled.
    @Suite struct LineageKillTests {
        private static let options = ["name": "lineage", "poll": "50"]

        /// Every batch of records, of outcomes and of starts that the workflow and its children may come to.
        private static let kills = (1...12).flatMap { number in
            ["batch(record)#\(number)", "batch(start)#\(number)", "batch(outcome)#\(number)", "batch()#\(number)"]
        }.flatMap { point in ["before", "after"].map { Kill(moment: $0, point: point) } }

        @Test func `whatever batch the process is killed at, everything is undone, awaited and begun anew`()
            async throws
        {
            let deaths = try await concurrently(Self.kills, 3) { try await Self.killed($0) }
            print("\(deaths.count { $0 }) of \(deaths.count) points were met")
            #expect(deaths.count { $0 } >= 20, "the workflow comes to far fewer points than it did")
        }

        /// - Returns: Whether the process came to the point.
        private static func killed(_ kill: Kill) async throws -> Bool {
            try await FaultFixture.run { fixture in
                let first = try fixture.worker(
                    self.options.merging(["fault": "kill@\(kill.moment)@\(kill.point)"]) { $1 }
                )
                try await wait("the first process is ready or dead, \(kill)") {
                    first.lines.contains("ready") || first.status != nil ? nil : first.report
                }
                first.say("start lineage m")
                try await wait("the first process is dead or done, \(kill)") {
                    let isDone = first.lines.contains { $0.hasPrefix("failed m ") }
                    return first.status != nil || isDone ? nil : first.report
                }
                let isKilled = first.status != nil
                if isKilled { #expect(first.signal == SIGKILL, "\(kill): \(first.report)") }
                let heir = try fixture.worker(self.options)
                try await heir.hear("ready")
                heir.say("start lineage m")
                let failed = try await heir.hear("failed m")
                #expect(failed.contains("Refused(sum: 6)"), "\(kill): \(failed)")
                try await Self.check(kill, fixture)
                return isKilled
            }
        }

        private static func check(_ kill: Kill, _ fixture: FaultFixture) async throws {
            let journal = try await fixture.sql(
                """
                SELECT scope || '|' || position || '|' || phase FROM durable.journal WHERE workflow_id = 'm'
                ORDER BY scope, position, phase
                """
            ).map { try $0.decode(0, as: String.self) }
            #expect(
                journal == ["|-1|0", "|0|0", "|1|0", "|1|32767", "undo|0|0", "undo/0|0|0"],
                "\(kill): \(journal)"
            )
            let ended = fixture.effects.filter { !$0.isBeginning }.map(\.place)
            for place in [
                "undo-hotel", "undo-flight", "caught", "work-1", "work-2", "work-3", "charge", "look", "undo-charge",
            ] {
                // At least once, and again only where a process died before the record.
                #expect((1...2).contains(ended.count { $0 == place }), "\(kill): \(place) in \(ended)")
            }
            let order = ["undo-hotel", "undo-flight", "caught", "work-3", "charge", "undo-charge"].map { place in
                ended.firstIndex(of: place) ?? -1
            }
            #expect(order == order.sorted(), "\(kill): \(ended)")
            #expect(try await fixture.count("durable.live") == 0, "\(kill)")
            #expect(try await fixture.count("durable.outcome") == 4, "\(kill)")
            #expect(try await fixture.count("durable.child_group") == 0, "\(kill)")
        }

        @Test(arguments: ["before", "after"])
        func `a process that is killed while it cancels leaves that to the next one`(moment: String) async throws {
            try await FaultFixture.run { fixture in
                // The second batch of records is the one that says that the clean-up has begun, or what it has undone.
                for number in 2...4 {
                    let id = "m\(number)"
                    let first = try fixture.worker(
                        Self.options.merging(["fault": "kill@\(moment)@batch(record)#\(number)", "gates": "hold"]) {
                            $1
                        }
                    )
                    try await first.hear("ready")
                    first.say("start cancelled \(id)")
                    try await first.hear("gate hold")
                    _ = try await fixture.sql("SELECT durable.cancel(\(id), 'no')")
                    first.say("go hold")
                    try await wait("the first process is dead or done") {
                        let isDone = first.lines.contains { $0.hasPrefix("failed \(id) ") }
                        return first.status != nil || isDone ? nil : first.report
                    }
                    first.end()
                    try await first.waitUntilEnded()
                    let heir = try fixture.worker(Self.options)
                    try await heir.hear("ready")
                    heir.say("start cancelled \(id)")
                    let failed = try await heir.hear("failed \(id)")
                    #expect(failed.contains("the workflow was cancelled: no"), "\(failed)")
                    heir.end()
                    try await heir.waitUntilEnded()
                    let undone = fixture.effects.filter { $0.workflow == id && !$0.isBeginning && $0.place == "undo" }
                    #expect((1...2).contains(undone.count))
                }
                #expect(try await fixture.count("durable.cancellation") == 0)
            }
        }
    }
}

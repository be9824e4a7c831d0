// SPDX-License-Identifier: Apache-2.0

import Foundation
import Libpq
import Testing

extension FaultTests {
    /// Steps that ignore cancellation and end after their workflow was resumed.
    @Suite struct LateStepTests {
        private static let options = ["lease": "1500", "poll": "50"]

        @Test func `a step that ends after its workflow was resumed in another process changes nothing`() async throws {
            try await FaultFixture.run { fixture in
                // No room beside the late run, so that the workflow goes to the other process.
                let late = try fixture.worker(
                    Self.options.merging(["name": "late", "gates": "hold", "room": "1"]) { $1 }
                )
                try await late.hear("ready")
                late.say("start held m")
                try await late.hear("gate hold")
                let heir = try fixture.worker(Self.options.merging(["name": "heir"]) { $1 })
                try await heir.hear("ready")
                #expect(try await fixture.declareDead(late))
                try await fixture.waitForOutcome("m", late, heir)
                try await Self.check(fixture, late: late, heir: heir)
            }
        }

        @Test func `a step that ends after its workflow was resumed in the same process changes nothing`() async throws
        {
            try await FaultFixture.run { fixture in
                let worker = try fixture.worker(Self.options.merging(["name": "both", "gates": "hold:1"]) { $1 })
                try await worker.hear("ready")
                worker.say("start held m")
                try await worker.hear("gate hold")
                #expect(try await fixture.declareDead(worker))
                try await worker.hear("log warning executor.superseded")
                try await fixture.waitForOutcome("m", worker)
                try await Self.check(fixture, late: worker, heir: worker)
            }
        }

        @Test func `a transaction that ends after its workflow was resumed in the same process is rolled back`()
            async throws
        {
            try await FaultFixture.run { fixture in
                let worker = try fixture.worker(Self.options.merging(["name": "both", "gates": "book:1"]) { $1 })
                try await worker.hear("ready")
                worker.say("start held-transaction m")
                try await worker.hear("gate book")
                // Its own open transaction holds the fence: the takeover ends that session.
                try await fixture.expireLease(of: worker)
                let other = try fixture.worker(
                    Self.options.merging(["name": "other", "room": "1", "gates": "one"]) { $1 }
                )
                try await other.hear("ready")
                try await fixture.waitForOutcome("m", worker, other)
                let before = try await fixture.state("m")
                #expect(before.bookings.count == 1)
                // What it starts before it is somebody again the other one may take, and hold at its gate.
                let former = try await worker.hear("log info executor.registered")
                try await worker.hear("another registration") {
                    $0.hasPrefix("log info executor.registered") && $0 != former
                }
                worker.say("go book")
                worker.say("start shared next")
                try await worker.hear("result next 4")
                #expect(try await fixture.state("m") == before)
            }
        }

        private static func check(_ fixture: FaultFixture, late: Worker, heir: Worker) async throws {
            let before = try await fixture.state("m")
            let begun = fixture.effects.filter { $0.place == "hold" && $0.isBeginning }
            #expect(begun.map(\.pid) == [late.pid, heir.pid])
            #expect(begun[0].fencingToken < begun[1].fencingToken)
            #expect(before.output == "succeeded \"m \(heir.pid)/\(begun[1].fencingToken)\"")

            late.say("go hold")
            try await wait("the late step ends") {
                let ended = fixture.effects.count { $0.place == "hold" && !$0.isBeginning }
                return ended == 2 ? nil : "\(ended) have ended; \(late.report)"
            }
            // Goes the same way as whatever the late run may want to record, and after it.
            late.say("start shared other")
            try await late.hear("result other 4")
            #expect(try await fixture.state("m") == before)
            #expect(fixture.effects.count { $0.place == "last" && $0.isBeginning } == 1)
            #expect(before.journal.map(\.name) == ["first", "hold", "last"])
            #expect(Set(before.journal.dropFirst().map(\.executor)).count == 1)
            #expect(before.journal[0].executor != before.journal[1].executor)
        }
    }
}

extension FaultFixture {
    /// Declares the process's identity dead, as a person does of one that is wedged.
    func declareDead(_ worker: Worker) async throws -> Bool {
        try await self.value(
            """
            SELECT durable.release_executor(number) >= 0 FROM durable.executor
            WHERE pid = \(worker.pid) AND fenced_at IS NULL
            """,
            as: Bool.self
        )
    }

    /// Lets the process's lease be over, whatever it renews.
    func expireLease(of worker: Worker) async throws {
        _ = try await self.sql(
            """
            UPDATE durable.lease SET expires_at = '2000-01-01', period = '-1 day'
            WHERE executor IN (SELECT number FROM durable.executor WHERE pid = \(worker.pid))
            """
        )
    }
}

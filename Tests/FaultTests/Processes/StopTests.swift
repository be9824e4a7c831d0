// SPDX-License-Identifier: Apache-2.0

import Foundation
import Libpq
import Testing

extension FaultTests {
    /// SIGSTOP for longer than the lease, then SIGCONT: who comes late records nothing.
    @Suite struct StopTests {
        @Test func `a process that was stopped at any point, and wakes after its lease, records nothing`() async throws
        {
            let undisturbed = try await MatrixRun.undisturbed(after: nil)
            // A start that was never sent is nobody's to take over; all later points are.
            let points = undisturbed.points.filter { $0 != "batch(start)#1" && !MatrixRun.isOfBoot($0) }
            #expect(points.count == 20)
            let stops = points.flatMap { point in ["before", "after"].map { Kill(moment: $0, point: point) } }
            let began = ContinuousClock.now
            _ = try await concurrently(stops, 6) { try await undisturbed.stopped($0) }
            print("\(points.count) points, \(stops.count) stops in \(ContinuousClock.now - began)")
        }

        @Test
        func `a process that was stopped inside a transaction does not block the takeover, and its rows are gone`()
            async throws
        {
            try await FaultFixture.run { fixture in
                let lease = ["lease": "1500", "poll": "100"]
                let late = try fixture.worker(lease.merging(["name": "late", "gates": "book"]) { $1 })
                try await late.hear("ready")
                late.say("start held-transaction m")
                try await late.hear("gate book")
                late.send(SIGSTOP)
                try await late.waitUntilStopped()
                let open = try await fixture.sessions(of: late)
                #expect(open.contains("idle in transaction"), "\(open)")

                let heir = try fixture.worker(lease.merging(["name": "heir"]) { $1 })
                let began = ContinuousClock.now
                try await fixture.waitForOutcome("m", within: .seconds(60), heir)
                print("taken over and ended in \(ContinuousClock.now - began)")
                let after = try await fixture.sessions(of: late)
                #expect(!after.contains("idle in transaction"), "\(after)")
                let before = try await fixture.state("m")
                #expect(before.bookings == ["book \(heir.pid)"])

                late.send(SIGCONT)
                late.say("go book")
                try await late.hear("log warning executor.superseded")
                late.say("start shared other")
                try await late.hear("result other 4")
                #expect(try await fixture.state("m") == before)
                #expect(before.journal.filter { $0.name != "first" }.allSatisfy { $0.pid == heir.pid })
            }
        }
    }
}

extension MatrixRun {
    /// Whether a point comes before the workflow is started.
    static func isOfBoot(_ point: String) -> Bool {
        ["register", "sweep", "claim", "look"].contains { point.hasPrefix($0) }
    }

    /// Stops a process at a point for longer than its lease, lets another one go on, wakes it, and checks that it changes
    /// nothing.
    func stopped(_ stop: Kill) async throws {
        try await FaultFixture.run { fixture in
            let lease = ["lease": "2000", "poll": "100"]
            let trace = "\(fixture.folder)/trace"
            let late = try fixture.worker(
                lease.merging(["name": "late", "fault": "stop@\(stop.moment)@\(stop.point)", "trace": trace]) { $1 }
            )
            try await late.hear("ready")
            late.say("start matrix m")
            try await late.waitUntilStopped()
            let heir = try fixture.worker(lease.merging(["name": "heir"]) { $1 })
            try await fixture.waitForOutcome("m", heir)
            // Whoever was stopped behind its last commit owns nothing any more, and is declared dead all the same.
            try await wait("the stopped process is declared dead, \(stop)") {
                let fenced = try await fixture.count("durable.executor WHERE name = 'late' AND fenced_at IS NOT NULL")
                return fenced == 1 ? nil : heir.report
            }
            let before = try await fixture.state("m")
            #expect(before.output == "succeeded \"\(self.result.dropFirst("result m ".count))\"", "\(stop)")
            #expect(before.journal.map(\.content) == self.journal, "\(stop)")
            let begun = fixture.effects.filter { $0.isBeginning && $0.pid == late.pid }

            late.send(SIGCONT)
            try await late.hear("log warning executor.superseded")
            // Goes the same way as everything that was left over, and after it.
            late.say("start shared other")
            try await late.hear("result other 4")
            #expect(try await fixture.state("m") == before, "\(stop)")
            #expect(before.bookings.count == 3, "\(stop)")
            let since = fixture.effects.filter { $0.isBeginning && $0.pid == late.pid && $0.workflow == "m" }
            #expect(since == begun, "\(stop): the late process began another effect")
            if stop.moment == "before" {
                let lines = try String(contentsOfFile: trace, encoding: .utf8)
                #expect(lines.contains("failed \(stop.point)\n"), "\(stop): the late pipeline was not refused")
            }
        }
    }
}

extension FaultFixture {
    /// Everything that is recorded of a workflow.
    struct Record: Equatable {
        var journal: [JournalRow]
        var bookings: [String]
        var output: String?
    }

    func state(_ workflow: String) async throws -> Record {
        Record(
            journal: try await self.journal(workflow),
            bookings: try await self.sql(
                "SELECT part || ' ' || pid FROM booking WHERE workflow = \(workflow) ORDER BY part, pid"
            ).map { try $0.decode(0, as: String.self) },
            output: try await self.output(workflow)
        )
    }

    /// What the sessions of a worker are doing.
    func sessions(of worker: Worker) async throws -> [String] {
        try await self.sql(
            "SELECT state FROM pg_stat_activity WHERE application_name = \("fault-worker-\(worker.pid)") AND state <> ''"
        ).map { try $0.decode(0, as: String.self) }
    }
}

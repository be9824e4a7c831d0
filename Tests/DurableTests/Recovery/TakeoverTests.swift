// SPDX-License-Identifier: Apache-2.0

import Libpq
import Synchronization
import TemporaryPostgres
import Testing

@testable import Durable

@Suite struct TakeoverTests {
    @Test func `the work of an executor whose lease is over is freed for any process`() async throws {
        try await ExecutorFixture.run { fixture in
            let dead = try await fixture.stranger(lease: "-1 second")
            try await fixture.workflows(1...3, state: "running", owner: dead)
            try await fixture.workflows(4...4, name: "x", state: "cancelling", owner: dead)
            try await fixture.sql(
                """
                INSERT INTO durable.activity (workflow_id, scope, position, executor, kind, started_at, name)
                VALUES ('w-1', '', 0, \(dead), 1, durable.clock(), 'charge')
                """
            )
            try await fixture.ageServer()
            let heir = try await fixture.recovery()
            let report = try await heir.recovery.sweep(as: heir.lease)
            #expect(report.takenOver == [dead])
            #expect(report.freed == 4)
            #expect(try await fixture.value("SELECT count(*) FROM durable.activity") == Int64(0))
            #expect(report.paused.isEmpty && report.left.isEmpty)
            let state = "state, executor, epoch, run, recoveries, run_at <= durable.clock()"
            #expect(try await fixture.live("w-1", state) == "queued 1 t")
            #expect(try await fixture.live("x-4", state) == "cancelling 1 t")
            #expect(try await heir.recovery.sweep(as: heir.lease) == SweepReport())
            await heir.stop()
        }
    }

    @Test func `a valid lease is never taken, and neither is that of the sweeping process`() async throws {
        try await ExecutorFixture.run { fixture in
            let live = try await fixture.stranger(lease: "1 minute")
            try await fixture.workflows(1...1, state: "running", owner: live)
            let heir = try await fixture.recovery()
            try await fixture.workflows(2...2, state: "running", owner: heir.number)
            try await fixture.ageServer()
            try await fixture.sql("UPDATE durable.lease SET expires_at = '2001-01-01' WHERE executor = \(heir.number)")
            #expect(try await heir.recovery.sweep(as: heir.lease) == SweepReport())
            let takeover = Takeover(statements: fixture.statements.recovery)
            #expect(try await takeover.fence(live, on: fixture.session) == false)
            await heir.stop()
        }
    }

    @Test func `rows of an executor without any lease are found too`() async throws {
        try await ExecutorFixture.run { fixture in
            let fenced = try await fixture.stranger()
            #expect(try await fixture.value("SELECT durable.take_over(\(fenced), true)") == true)
            // A claim that committed behind the takeover, or a sweep that ended in the middle.
            try await fixture.workflows(1...1, state: "running", owner: fenced)
            let heir = try await fixture.recovery()
            #expect(try await heir.recovery.sweep(as: heir.lease).freed == 1)
            await heir.stop()
        }
    }

    @Test func `sessions that hold the fence of the dead are ended`() async throws {
        try await ExecutorFixture.run { fixture in
            let dead = try await fixture.stranger(lease: "-1 second")
            try await fixture.workflows(1...1, state: "running", owner: dead)
            // Stopped in the middle of a transaction: the fence is held, a row is written, no COMMIT comes.
            let zombie = try await fixture.connect()
            try await zombie.execute("BEGIN")
            let server: Int64 = try await fixture.value("SELECT durable.incarnation()")
            _ = try await zombie.query("SELECT durable.fence(\(dead), 1, \(server))")
            try await zombie.execute("UPDATE durable.live SET mailbox = 7 WHERE workflow_id = 'w-1'")
            // Another executor's transaction is none of our business.
            let other = try await fixture.stranger()
            let bystander = try await fixture.connect()
            try await bystander.execute("BEGIN")
            _ = try await bystander.query("SELECT durable.fence(\(other), 1, \(server))")
            try await fixture.ageServer()

            let heir = try await fixture.recovery()
            let report = try await heir.recovery.sweep(as: heir.lease)
            #expect(report.takenOver == [dead] && report.freed == 1)
            #expect(try await fixture.live("w-1", "state, mailbox") == "queued 0")
            await #expect(throws: PostgresError.self) { try await zombie.execute("COMMIT") }
            try await bystander.execute("COMMIT")
            await heir.stop()
        }
    }

    @Test func `what the dead sends after the takeover is refused`() async throws {
        try await ExecutorFixture.run { fixture in
            let dead = try await fixture.stranger(lease: "-1 second")
            try await fixture.ageServer()
            let heir = try await fixture.recovery()
            _ = try await heir.recovery.sweep(as: heir.lease)
            let server: Int64 = try await fixture.value("SELECT durable.incarnation()")
            let error = await #expect(throws: PostgresError.self) {
                try await fixture.sql("SELECT durable.fence(\(dead), 1, \(server))")
            }
            #expect(error.flatMap { LeaseEnding(refusal: $0) } == .fenced)
            await heir.stop()
        }
    }

    @Test func `after a restart of the server nobody looks dead before a whole lease has passed`() async throws {
        try await ExecutorFixture.run { fixture in
            let other = try await fixture.stranger(lease: "-1 hour")
            try await fixture.workflows(1...1, state: "running", owner: other)
            // As if the server had been another one until now: nobody has seen this start yet.
            try await fixture.sql("UPDATE durable.server SET started_at = '2001-01-01', since = '2001-01-01'")
            try await fixture.sql("UPDATE durable.lease SET period = interval '1 hour'")
            let heir = try await fixture.recovery()
            #expect(try await heir.recovery.sweep(as: heir.lease) == SweepReport())
            let isNoted: Bool = try await fixture.value(
                """
                SELECT started_at = pg_postmaster_start_time() AND since > durable.clock() - interval '1 minute'
                FROM durable.server
                """
            )
            #expect(isNoted)
            // An hour later it has still not renewed.
            try await fixture.sql("UPDATE durable.server SET since = durable.clock() - interval '61 minutes'")
            #expect(try await heir.recovery.sweep(as: heir.lease).takenOver == [other])
            await heir.stop()
        }
    }

    @Test func `several sweepers at once free every workflow once`() async throws {
        try await ExecutorFixture.run { fixture in
            var dead: [Int32] = []
            for group in 0..<4 {
                let number = try await fixture.stranger(lease: "-1 second")
                try await fixture.workflows(
                    (group * 1_500 + 1)...(group * 1_500 + 1_500),
                    state: "running",
                    owner: number
                )
                dead.append(number)
            }
            try await fixture.ageServer()
            var heirs: [RecoveryFixture] = []
            for _ in 0..<3 { heirs.append(try await fixture.recovery()) }
            let reports = try await withThrowingTaskGroup(of: SweepReport.self) { group in
                for heir in heirs { group.addTask { try await heir.recovery.sweep(as: heir.lease) } }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(reports.map(\.freed).reduce(0, +) == 6_000)
            #expect(Set(reports.flatMap(\.takenOver)) == Set(dead))
            let counts: [String] = try await fixture.column(
                """
                SELECT concat_ws(' ', state, executor, recoveries, count(*)) FROM durable.live
                GROUP BY state, executor, recoveries
                """
            )
            #expect(counts == ["queued 1 6000"])
            #expect(try await fixture.value("SELECT count(*) FROM durable.executor WHERE epoch = 2") == Int64(4))
            for heir in heirs { await heir.stop() }
        }
    }

    @Test func `a record since the last takeover sets the count of recoveries back`() async throws {
        try await ExecutorFixture.run { fixture in
            let heir = try await fixture.recovery()
            var counts: [String] = []
            try await fixture.workflows(1...1)
            try await fixture.record(2, of: "w-1")
            for records in [0, 0, 1, 0, 0] {
                let dead = try await fixture.stranger(lease: "-1 second")
                try await fixture.sql(
                    "UPDATE durable.live SET state = 'running', executor = \(dead), epoch = 1, run = 1"
                )
                if records > 0 { try await fixture.record(records, of: "w-1") }
                try await fixture.ageServer()
                _ = try await heir.recovery.sweep(as: heir.lease)
                counts.append(try await fixture.live("w-1", "recoveries, progress"))
            }
            #expect(counts == ["0 2", "1 2", "0 3", "1 3", "2 3"])
            await heir.stop()
        }
    }

    @Test func `a workflow whose processes keep dying is paused, and its neighbours are not`() async throws {
        try await ExecutorFixture.run { fixture in
            let dead = try await fixture.stranger(lease: "-1 second")
            try await fixture.workflows(1...3, state: "running", owner: dead)
            try await fixture.sql("UPDATE durable.live SET recoveries = 2 WHERE workflow_id <> 'w-3'")
            try await fixture.record(1, of: "w-2")
            try await fixture.ageServer()
            let heir = try await fixture.recovery(options: RecoveryOptions(recoveries: 3))
            let report = try await heir.recovery.sweep(as: heir.lease)
            #expect(report.paused == ["w-1"])
            #expect(
                try await fixture.live("w-1", "state, reason, run_at, recoveries") == "paused crash_loop infinity 3"
            )
            let error = try await fixture.live("w-1", "error ->> 'type', error ->> 'message'")
            #expect(
                error.hasPrefix("CrashLoop Its process died 3 times while this workflow ran and recorded nothing new.")
            )
            #expect(try await fixture.live("w-2", "state, recoveries") == "queued 0")
            #expect(try await fixture.live("w-3", "state, recoveries") == "queued 1")
            #expect(heir.logs.all.contains { $0.hasPrefix("error: recovery.paused_crash_loop") && $0.contains("w-1") })
            await heir.stop()
        }
    }

    @Test func `what a process leaves behind in order does not count against it, nor does what only waited`()
        async throws
    {
        try await ExecutorFixture.run { fixture in
            let stopped = try await fixture.recovery()
            try await fixture.workflows(1...1, state: "running", owner: stopped.number)
            await stopped.stop()
            let dead = try await fixture.stranger(lease: "-1 second")
            try await fixture.workflows(2...2, state: "waiting", owner: dead)
            try await fixture.sql("UPDATE durable.live SET run_at = '2100-01-01' WHERE workflow_id = 'w-2'")
            try await fixture.ageServer()
            let heir = try await fixture.recovery()
            #expect(try await heir.recovery.sweep(as: heir.lease).freed == 2)
            #expect(try await fixture.live("w-1", "state, recoveries") == "queued 0")
            #expect(try await fixture.live("w-2", "state, recoveries, run_at = '2100-01-01'") == "waiting 0 t")
            #expect(
                try await fixture.value("SELECT state FROM durable.executors WHERE number = \(stopped.number)")
                    == "stopped"
            )
            await heir.stop()
        }
    }

    @Test func `a sweeper knows when the next lease ends, so that nobody is missed for a whole turn`() async throws {
        try await ExecutorFixture.run { fixture in
            try await fixture.ageServer()
            let heir = try await fixture.recovery()
            #expect(try await heir.recovery.nextLeaseEnd(as: heir.lease) == nil)
            // One that is over is swept already, or resists: that is for the next turn.
            _ = try await fixture.stranger(name: "over", lease: "-1 second")
            #expect(try await heir.recovery.nextLeaseEnd(as: heir.lease) == nil)
            _ = try await fixture.stranger(name: "late", lease: "2 hours")
            _ = try await fixture.stranger(name: "soon", lease: "1 hour")
            let end = try #require(try await heir.recovery.nextLeaseEnd(as: heir.lease))
            #expect(end > .seconds(3_000) && end <= .seconds(3_600))
            // After a restart of the server nobody's lease is over before a whole period.
            try await fixture.sql("UPDATE durable.lease SET period = interval '3 hours'")
            try await fixture.sql("UPDATE durable.server SET since = durable.clock()")
            let later = try #require(try await heir.recovery.nextLeaseEnd(as: heir.lease))
            #expect(later > .seconds(10_000) && later <= .seconds(10_800))
            await heir.stop()
        }
    }

    @Test func `whoever is freed first need not wait for the last`() async throws {
        try await ExecutorFixture.run { fixture in
            let dead = try await fixture.stranger(lease: "-1 second")
            try await fixture.workflows(1...2_500, state: "running", owner: dead)
            try await fixture.ageServer()
            let heir = try await fixture.recovery()
            let batches = Atomic(0)
            let report = try await heir.recovery.sweep(as: heir.lease) { batches.add(1, ordering: .relaxed) }
            #expect(report.freed == 2_500)
            #expect(batches.load(ordering: .relaxed) == 3)
            await heir.stop()
        }
    }

    @Test func `a schema of another name works as well`() async throws {
        try await ExecutorFixture.run(schema: try SchemaName("my \"own\" Schema")) { fixture in
            let dead = try await fixture.stranger(lease: "-1 second")
            try await fixture.workflows(1...2, state: "running", owner: dead)
            try await fixture.ageServer()
            let heir = try await fixture.recovery()
            #expect(try await heir.recovery.sweep(as: heir.lease).freed == 2)
            let offers = [WorkflowOffer(name: "w", versions: [1])]
            let claim = try await heir.recovery.claim(as: heir.lease, limit: 10, offers: offers, allowSuspect: true)
            #expect(claim.workflows.count == 2)
            await heir.stop()
        }
    }
}

// SPDX-License-Identifier: Apache-2.0

import Foundation
import Libpq
import TemporaryPostgres
import Testing

@testable import Durable

@Suite struct ExecutorTests {
    @Test func `registration enters the executor, what it offers, and its lease`() async throws {
        try await ExecutorFixture.run { fixture in
            let offers = [WorkflowOffer(name: "checkout", versions: [2, 1])]
            let (executor, _) = fixture.executor(name: "shop-1", offers: offers)
            let lease = try await executor.register()
            #expect(lease.mayStartEffect())
            let row = try #require(
                try await fixture.sql(
                    """
                    SELECT name, id::text, epoch, pid, build, workflows::text, server_started_at = pg_postmaster_start_time()
                    FROM durable.executor WHERE number = \(lease.identity.number)
                    """
                ).first
            )
            let (name, id, epoch, pid, build, workflows, isThisServer) = try row.decode(
                (String, String, Int32, Int32, String, String, Bool).self
            )
            #expect(name == "shop-1")
            #expect(id == lease.identity.id.uuidString.lowercased())
            #expect(epoch == lease.identity.epoch)
            #expect(pid == ProcessInfo.processInfo.processIdentifier)
            #expect(build == "test")
            #expect(workflows == #"[{"name": "checkout", "versions": [1, 2]}]"#)
            #expect(isThisServer)
            #expect(lease.identity.server == (try await fixture.value("SELECT durable.incarnation()", as: Int64.self)))
            #expect(try await fixture.value("SELECT state FROM durable.executors") == "alive")
            await executor.stop()
        }
    }

    @Test func `a lease is renewed again and again, and nobody can take it`() async throws {
        try await ExecutorFixture.run { fixture in
            let (executor, events) = fixture.executor()
            let lease = try await executor.register()
            let number = lease.identity.number
            var ends: Set<String> = []
            try await eventually("five renewals") {
                ends.insert(
                    try await fixture.value("SELECT expires_at::text FROM durable.lease WHERE executor = \(number)")
                )
                return ends.count > 5
            }
            try await fixture.ageServer()
            #expect(try await fixture.value("SELECT durable.take_over(\(number))") == false)
            #expect(lease.mayStartEffect())
            #expect(events.all.isEmpty)
            await executor.stop()
        }
    }

    @Test func `a fenced process drops its runs once and goes on under a new identity`() async throws {
        try await ExecutorFixture.run { fixture in
            let (executor, events) = fixture.executor()
            let old = try await executor.register()
            let number = old.identity.number
            #expect(try await fixture.value("SELECT durable.take_over(\(number), true)") == true)
            try await eventually("a new identity") { events.all.count >= 2 }
            #expect(events.all == [.ended(number, .fenced), .registered(number + 1)])
            #expect(!old.mayStartEffect())
            let error = await #expect(throws: DurableError.self) { try await old.waitUntilMayStartEffect() }
            #expect(error?.code == .superseded)
            let new = try #require(executor.lease)
            #expect(new.identity.number == number + 1)
            #expect(new.identity.id != old.identity.id)
            try await new.waitUntilMayStartEffect()
            await executor.stop()
        }
    }

    @Test func `a renewal that waits behind a takeover learns of it and renews nothing`() async throws {
        try await ExecutorFixture.run { fixture in
            let (executor, events) = fixture.executor(period: .seconds(30))
            let number = try await executor.register().identity.number
            let heir = try await fixture.connect()
            try await heir.execute("BEGIN")
            _ = try await heir.query("SELECT durable.take_over(\(number), true)")
            try await eventually("the renewal waits for the fence") {
                try await fixture.value(
                    """
                    SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND objid = \(number) AND NOT granted
                                   AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))
                    """
                )
            }
            #expect(events.all.isEmpty)
            try await heir.execute("COMMIT")
            try await eventually("it is told") { events.all.contains(.ended(number, .fenced)) }
            await executor.stop()
        }
    }

    @Test func `a refusal by the fence ends the identity without waiting for the next renewal`() async throws {
        try await ExecutorFixture.run { fixture in
            let (executor, events) = fixture.executor(period: .seconds(600), renewEvery: .seconds(200))
            let old = try await executor.register()
            _ = try await fixture.value("SELECT durable.take_over(\(old.identity.number), true)", as: Bool.self)
            executor.refused(old.identity, .fenced)
            executor.refused(old.identity, .fenced)
            try await eventually("a new identity") { events.all.count >= 2 }
            executor.refused(old.identity, .fenced)
            #expect(events.all.count == 2)
            #expect(executor.lease?.identity.number == old.identity.number + 1)
            await executor.stop()
        }
    }

    @Test func `a stopped executor has no lease, and counts as stopped and not as dead`() async throws {
        try await ExecutorFixture.run { fixture in
            let (executor, events) = fixture.executor()
            let lease = try await executor.register()
            await executor.stop()
            #expect(lease.ending == .stopped)
            #expect(!lease.mayStartEffect())
            #expect(try await fixture.value("SELECT count(*) FROM durable.lease") == Int64(0))
            #expect(try await fixture.value("SELECT state FROM durable.executors") == "stopped")
            #expect(events.all.isEmpty)
            let error = await #expect(throws: DurableError.self) { try await executor.register() }
            #expect(error?.code == .notRunning)
        }
    }

    @Test func `when the database is away the lease lapses, and is restored when it is back`() async throws {
        let server = try await TemporaryPostgres.start()
        try await ExecutorFixture.run(on: server) { fixture in
            let (executor, events) = fixture.executor(period: .milliseconds(1_500))
            let lease = try await executor.register()
            try await server.pause()
            try await eventually("the lease lapses") { events.all == [.lapsed(lease.identity.number)] }
            #expect(!lease.mayStartEffect())
            let waiter = Task { try await lease.waitUntilMayStartEffect() }
            try await server.resume()
            try await waiter.value
            #expect(lease.mayStartEffect())
            try await eventually("it is told") { events.all.last == .restored(lease.identity.number) }
            await executor.stop()
        }
        try await server.stop()
    }

    @Test func `waiting for a lapsed lease ends when the task is cancelled`() async throws {
        let identity = ExecutorIdentity(id: UUID(), number: 1, epoch: 1, server: 1, name: "a")
        let lease = Lease(identity: identity, until: .now - .seconds(1))
        let waiter = Task { try await lease.waitUntilMayStartEffect() }
        waiter.cancel()
        await #expect(throws: CancellationError.self) { try await waiter.value }
    }

    @Test func `after a restart of the server all runs are dropped and a new identity is registered`() async throws {
        let server = try await TemporaryPostgres.start()
        try await ExecutorFixture.run(on: server) { fixture in
            let (executor, events) = fixture.executor()
            let old = try await executor.register()
            try await server.restart(mode: .immediate)
            try await eventually("a new identity") { executor.lease.map { $0.identity.id != old.identity.id } ?? false }
            let new = try #require(executor.lease)
            // Not the next number: a sequence skips some when the server crashes.
            try await eventually("it is told") { events.all.last == .registered(new.identity.number) }
            #expect(events.all.contains(.ended(old.identity.number, .incarnationChanged)))
            #expect(old.ending == .incarnationChanged)
            #expect(new.identity.server != old.identity.server)
            await executor.stop()
        }
        try await server.stop()
    }

    @Test func `after the death of one process of the server all runs are dropped and a new identity is registered`()
        async throws
    {
        let server = try await TemporaryPostgres.start()
        try await ExecutorFixture.run(on: server) { fixture in
            let (executor, events) = fixture.executor()
            let old = try await executor.register()
            let session = try await fixture.connect()
            // As by a machine without memory. The server's start stays what it was.
            try #require(kill(session.backendPID, SIGKILL) == 0)
            try await eventually("a new identity") { executor.lease.map { $0.identity.id != old.identity.id } ?? false }
            #expect(events.all.contains(.ended(old.identity.number, .incarnationChanged)))
            #expect(executor.lease?.identity.server != old.identity.server)
            let isNoted = try await fixture.connect().query(
                "SELECT since > pg_postmaster_start_time() FROM durable.server"
            )
            #expect(try isNoted[0].decode(0, as: Bool.self), "leases are counted from the recovery on")
            await executor.stop()
        }
        try await server.stop()
    }

    @Test func `of two live processes with one name both go on, and the second says so`() async throws {
        try await ExecutorFixture.run { fixture in
            let (first, firstEvents) = fixture.executor(name: "shop")
            let logs = Recorder<String>()
            let (second, secondEvents) = fixture.executor(name: "shop", logs: logs)
            let one = try await first.register()
            let two = try await second.register()
            #expect(one.identity.id != two.identity.id)
            #expect(logs.all.contains { $0.hasPrefix("warning: executor.name_in_use") })
            let before: String = try await fixture.value("SELECT max(renewed_at)::text FROM durable.lease")
            try await eventually("both renew") {
                try await fixture.value("SELECT bool_and(renewed_at > '\(before)') FROM durable.lease")
            }
            #expect(firstEvents.all.isEmpty && secondEvents.all.isEmpty)
            #expect(one.mayStartEffect() && two.mayStartEffect())
            await first.stop()
            await second.stop()
        }
    }

    @Test func `a former process of the same name that is provably gone loses its lease at once`() async throws {
        try await ExecutorFixture.run { fixture in
            var gone = ProcessFacts.current()
            gone.pid = 4_194_305  // beyond the kernel's largest process id
            let former = try await fixture.stranger(name: "shop", facts: gone)
            var elsewhere = gone
            elsewhere.bootID = "another boot"
            let other = try await fixture.stranger(name: "shop", facts: elsewhere)
            let otherName = try await fixture.stranger(name: "shop-2", facts: gone)
            let (executor, _) = fixture.executor(name: "shop")
            let lease = try await executor.register()
            let leases: [Int32] = try await fixture.column("SELECT executor FROM durable.lease ORDER BY executor")
            #expect(leases == [other, otherName, lease.identity.number])
            #expect(
                try await fixture.value("SELECT fenced_at IS NOT NULL FROM durable.executor WHERE number = \(former)")
                    == true
            )
            await executor.stop()
        }
    }

    @Test func `hostile defaults of the database change nothing`() async throws {
        try await ExecutorFixture.run { fixture in
            let settings = [
                "default_transaction_isolation = serializable", "default_transaction_read_only = on",
                "statement_timeout = '1s'", "search_path = ''", "synchronous_commit = off", "DateStyle = 'German, DMY'",
                "TimeZone = 'Asia/Kolkata'", "IntervalStyle = 'iso_8601'",
            ]
            for setting in settings {
                try await fixture.sql("ALTER DATABASE \"\(fixture.database)\" SET \(setting)")
            }
            let dead = try await fixture.stranger(lease: "-1 second")
            try await fixture.workflows(1...2, state: "running", owner: dead)
            try await fixture.ageServer()
            let process = try await fixture.recovery()
            #expect(try await process.recovery.sweep(as: process.lease).freed == 2)
            let offers = [WorkflowOffer(name: "w", versions: [1])]
            let claimed = try await process.recovery.claim(
                as: process.lease,
                limit: 2,
                offers: offers,
                allowSuspect: true
            ).workflows
            #expect(claimed.count == 2)
            let end: String = try await fixture.value("SELECT expires_at::text FROM durable.lease")
            try await eventually("a renewal") {
                try await fixture.value("SELECT expires_at::text FROM durable.lease") != end
            }
            await process.stop()
            #expect(try await fixture.value("SELECT count(*) FROM durable.lease") == Int64(0))
        }
    }

    @Test func `database time follows the database's clock and not this machine's`() async throws {
        try await ExecutorFixture.run { fixture in
            try await fixture.sql("ALTER DATABASE \"\(fixture.database)\" SET durable.clock_shift = '1000 days'")
            try await fixture.sql("SET durable.clock_shift = '1000 days'")
            let (executor, _) = fixture.executor()
            _ = try await executor.register()
            let clock = "SELECT ((extract(epoch FROM durable.clock()) * 1000000)::bigint - 946684800000000)"
            let tolerance = try #require(executor.clock.uncertainty) + 5_000
            var last = Int64.min
            for _ in 0..<20 {
                let before: Int64 = try await fixture.value(clock)
                let now = executor.databaseNow()
                let after: Int64 = try await fixture.value(clock)
                #expect(now > before - tolerance && now < after + tolerance)
                #expect(now >= last)
                last = now
            }
            let wall = Int64(Date().timeIntervalSince1970 * 1_000_000) - 946_684_800_000_000
            #expect(last > wall + 999 * 86_400_000_000)
            await executor.stop()
        }
    }
}

// SPDX-License-Identifier: Apache-2.0

import Libpq
import Synchronization
import Testing

@testable import Durable

/// Rows that travel alone: who waits for their reply, and who holds their fence.
@Suite struct LoneRowTests {
    @Test func `who waits for a lone row finds its commit himself, on the thread that waits`() async throws {
        try await WriterFixture.run(spin: .seconds(60)) { fixture in
            let lane = fixture.lane("w")
            let byPoller = Recorder<Bool>()
            for position in 0..<20 as Range<Int32> {
                let ticket = try #require(fixture.writer.submit(WriterFixture.step(position), for: lane))
                lane.whenDurable(ticket) { _ in byPoller.record(Poller.shared.isCurrent) }
                try await fixture.writer.waitUntilDurable(ticket, of: lane)
            }
            // One or the other may have been answered before anybody looked.
            #expect(byPoller.all.filter { !$0 }.count >= 10)
            #expect(try await fixture.journal("w").count == 20)
        }
    }

    @Test func `a commit that outlasts the spin is awaited asleep, and found by the poller`() async throws {
        try await WriterFixture.run(spin: .nanoseconds(1)) { fixture in
            let stranger = try await fixture.database.connect()
            defer { stranger.close() }
            try await stranger.execute("BEGIN")
            try await stranger.execute("LOCK TABLE durable.journal IN SHARE MODE")
            let lane = fixture.lane("w")
            let ticket = try #require(fixture.writer.submit(WriterFixture.step(0), for: lane))
            let byPoller = Recorder<Bool>()
            lane.whenDurable(ticket) { _ in byPoller.record(Poller.shared.isCurrent) }
            let waiter = Task { try await fixture.writer.waitUntilDurable(ticket, of: lane) }
            try await eventually("it waits for the stranger") {
                try await fixture.database.column(
                    "SELECT 'waits' FROM pg_locks WHERE NOT granted AND relation = 'durable.journal'::regclass"
                ) == ["waits"]
            }
            try await stranger.execute("ROLLBACK")
            try await waiter.value
            #expect(byPoller.all == [true])
            #expect(try await fixture.journal("w") == ["0 s"])
        }
    }

    // MARK: - The fence

    @Test func `the session of lone rows holds the fence from the first on, and one of many rows does not`()
        async throws
    {
        try await WriterFixture.run(connections: 1) { fixture in
            let many = (0..<20).map { fixture.lane("m-\($0)") }
            let meeting = fixture.lane("m")
            // The first of all is alone, so that it is one that is no checkpoint.
            fixture.writer.submit(WriterFixture.start(), for: meeting)
            for lane in many { fixture.writer.submit(WriterFixture.start(), for: lane) }
            for lane in many { try await lane.waitUntilDurable(1) }
            #expect(try await fixture.holders() == 0)
            let lane = fixture.lane("w")
            for position in 0..<5 as Range<Int32> {
                let ticket = try #require(fixture.writer.submit(WriterFixture.step(position), for: lane))
                try await lane.waitUntilDurable(ticket)
                #expect(try await fixture.holders() == 1)
            }
            #expect(try await fixture.journal("w").count == 5)
        }
    }

    @Test
    func `a process that was declared dead while its session held the fence writes nothing more, and hears of it`()
        async throws
    {
        try await WriterFixture.run { fixture in
            let lane = fixture.lane("w")
            for position in 0..<3 as Range<Int32> {
                let ticket = try #require(fixture.writer.submit(WriterFixture.step(position), for: lane))
                try await lane.waitUntilDurable(ticket)
            }
            #expect(try await fixture.holders() == 1)
            let takeover = Takeover(statements: fixture.database.statements.recovery)
            #expect(
                try await takeover.fence(fixture.identity.number, isProvenGone: true, on: fixture.database.session)
            )
            fixture.writer.submit(WriterFixture.step(3), for: lane)
            #expect(await failure { try await lane.waitUntilDurable(4) } is SupersededRun)
            #expect(fixture.writer.submit(WriterFixture.step(4), for: lane) == nil)
            try await eventually("the engine hears of it") { fixture.superseded.all == [fixture.identity.number] }
            #expect(try await fixture.journal("w") == ["0 s", "1 s", "2 s"])
        }
    }

    @Test func `a process that is released while it writes is declared dead, however often it comes back`() async throws
    {
        try await WriterFixture.run { fixture in
            let lane = fixture.lane("w")
            let acknowledged = Counter()
            let writing = Task {
                for position in 0..<Int32.max {
                    try Task.checkCancellation()
                    guard let ticket = fixture.writer.submit(WriterFixture.step(position), for: lane) else { return }
                    try await lane.waitUntilDurable(ticket)
                    acknowledged.next()
                }
            }
            defer { writing.cancel() }
            try await eventually("its session holds the fence") { try await fixture.holders() == 1 }
            let released = "SELECT durable.release_executor(\(fixture.identity.number), 'hangs')"
            #expect(try await fixture.database.value(released, as: Int32.self) == 0)
            try await eventually("it hears that it is over") { lane.failure is SupersededRun }
            #expect(try await fixture.database.value("SELECT epoch FROM durable.executor", as: Int32.self) == 2)
            #expect(try await fixture.journal("w").count >= acknowledged.value)
        }
    }

    @Test(arguments: ["RESET ALL", "SET durable.held_fence = 'x'"])
    func `a session that has forgotten its fence writes through the fence again, each row once`(reset: String)
        async throws
    {
        try await WriterFixture.run(connections: 1) { fixture in
            let lane = fixture.lane("w")
            for position in 0..<6 as Range<Int32> {
                // As a pooler would between two clients.
                if position == 3 { try await fixture.session.execute("\(unescaped: reset)") }
                let ticket = try #require(fixture.writer.submit(WriterFixture.step(position), for: lane))
                try await lane.waitUntilDurable(ticket)
            }
            #expect(try await fixture.journal("w") == (0..<6).map { "\($0) s" })
            #expect(fixture.superseded.all.isEmpty)
        }
    }
}

extension WriterFixture {
    /// How many sessions hold this process's fence.
    fileprivate func holders() async throws -> Int64 {
        try await self.database.value(
            """
            SELECT count(*) FROM pg_locks
            WHERE locktype = 'advisory' AND objsubid = 2 AND classid = 'durable.executor'::regclass
              AND objid = \(self.identity.number)
              AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
            """
        )
    }

    /// The writer's own session.
    fileprivate var session: PostgresConnection {
        get throws { try #require(self.writer.state.withLock { $0.connections[0] }) }
    }
}

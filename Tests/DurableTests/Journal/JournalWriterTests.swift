// SPDX-License-Identifier: Apache-2.0

import Foundation
import Libpq
import Logging
import Testing

@testable import Durable

/// The writer on a real database, with runs that exist only as their rows.
@Suite struct JournalWriterTests {
    private struct Fixture {
        let fixture: ExecutorFixture
        let writer: JournalWriter
        let executor: Executor
        let identity: ExecutorIdentity
        let superseded: Recorder<Int32>

        func lane(_ workflow: String, token: Int64 = .random(in: .min ... .max)) -> RunLane {
            RunLane(workflow: workflow, token: token, executor: self.identity)
        }

        /// The number of rows of a workflow, in a word with who wrote them.
        func journal(_ workflow: String) async throws -> [String] {
            try await self.fixture.column(
                "SELECT position || ' ' || name FROM durable.journal WHERE workflow_id = '\(workflow)' ORDER BY position"
            )
        }
    }

    private func withWriter(
        connections: Int = 2,
        keepsSettings: Bool = true,
        spin: Duration = .zero,
        _ body: (Fixture) async throws -> Void
    ) async throws {
        try await ExecutorFixture.run { fixture in
            let (executor, _) = fixture.executor(period: .seconds(30))
            let lease = try await executor.register()
            let superseded = Recorder<Int32>()
            let writer = JournalWriter(
                configuration: keepsSettings ? fixture.configuration.forEngine() : fixture.configuration,
                statements: JournalStatements(schema: .standard),
                connections: connections,
                batchDeadline: .seconds(20),
                spin: ReplySpin(limit: spin, processors: 2),
                logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }),
                events: JournalWriter.Events { identity, _ in superseded.record(identity.number) }
            )
            try await writer.start(as: lease.identity)
            let made = Fixture(
                fixture: fixture,
                writer: writer,
                executor: executor,
                identity: lease.identity,
                superseded: superseded
            )
            do {
                try await body(made)
            } catch {
                writer.stop()
                await executor.stop()
                throw error
            }
            await writer.drain()
            writer.stop()
            await executor.stop()
        }
    }

    private static func step(_ position: Int32, _ name: String = "s") -> WriteRow {
        .record(.row(position, name))
    }

    private static func start(guarded: Bool = true) -> WriteRow {
        .start(StartRow(name: "w", version: 1, seed: UUID(), createdAt: 0, isGuarded: guarded))
    }

    @Test func `hundreds of runs at once lose no row, keep their order, and wake up`() async throws {
        try await self.withWriter { fixture in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<300 {
                    group.addTask {
                        let lane = fixture.lane("w-\(number)")
                        for position in 0..<20 as Range<Int32> {
                            let ticket = try #require(fixture.writer.submit(Self.step(position), for: lane))
                            // Some wait for each row, some for the last of several.
                            if position % Int32(1 + number % 4) == 0 { try await lane.waitUntilDurable(ticket) }
                        }
                        try await lane.waitUntilDurable(lane.lastTicket)
                    }
                }
                try await group.waitForAll()
            }
            #expect(try await fixture.fixture.value("SELECT count(*) FROM durable.journal", as: Int64.self) == 6_000)
        }
    }

    @Test func `a row of the same run that is there already was written before a reply was lost`() async throws {
        try await self.withWriter { fixture in
            let first = fixture.lane("w", token: 7)
            for position in 0..<3 as Range<Int32> { fixture.writer.submit(Self.step(position), for: first) }
            try await first.waitUntilDurable(3)
            let again = fixture.lane("w", token: 7)
            for position in 0..<5 as Range<Int32> { fixture.writer.submit(Self.step(position), for: again) }
            try await again.waitUntilDurable(5)
            #expect(try await fixture.journal("w") == (0..<5).map { "\($0) s" })
        }
    }

    @Test func `a run that meets another's row is over with all its rows, and the others of its batch are written`()
        async throws
    {
        try await self.withWriter(connections: 1) { fixture in
            let owner = fixture.lane("w")
            fixture.writer.submit(Self.step(1, "theirs"), for: owner)
            try await owner.waitUntilDurable(1)
            let late = fixture.lane("w")
            let neighbours = (0..<20).map { fixture.lane("n-\($0)") }
            for neighbour in neighbours { fixture.writer.submit(Self.step(0), for: neighbour) }
            fixture.writer.submit(Self.step(0, "mine"), for: late)
            fixture.writer.submit(Self.step(1, "mine"), for: late)
            fixture.writer.submit(Self.step(2, "mine"), for: late)
            for neighbour in neighbours { try await neighbour.waitUntilDurable(1) }
            #expect(await failure { try await late.waitUntilDurable(3) } is SupersededRun)
            #expect(late.failure is SupersededRun)
            await fixture.writer.drain()
            let rows = try await fixture.journal("w")
            #expect(rows.contains("1 theirs"))
            #expect(!rows.contains("2 mine"), "nothing after the row that lost")
        }
    }

    @Test func `an id that is taken ends that start only`() async throws {
        try await self.withWriter(connections: 1) { fixture in
            try await fixture.fixture.workflows(1...1)
            let taken = fixture.lane("w-1")
            let free = (0..<10).map { fixture.lane("free-\($0)") }
            for lane in free { fixture.writer.submit(Self.start(), for: lane) }
            fixture.writer.submit(Self.start(), for: taken)
            for lane in free { try await lane.waitUntilDurable(1) }
            #expect(await failure { try await taken.waitUntilDurable(1) } is StartTaken)
            let started = try await fixture.fixture.column(
                "SELECT workflow_id FROM durable.live WHERE executor = \(fixture.identity.number) ORDER BY 1",
                as: String.self
            )
            #expect(started == (0..<10).map { "free-\($0)" })
        }
    }

    @Test func `a row that the server will never take is found among all others`() async throws {
        try await self.withWriter(connections: 1) { fixture in
            try await fixture.fixture.sql("ALTER TABLE durable.journal ADD CHECK (name <> 'poison')")
            let lanes = (0..<50).map { fixture.lane("w-\($0)") }
            for (number, lane) in lanes.enumerated() {
                fixture.writer.submit(Self.step(0, number == 31 ? "poison" : "s"), for: lane)
                fixture.writer.submit(Self.step(1), for: lane)
            }
            for (number, lane) in lanes.enumerated() where number != 31 { try await lane.waitUntilDurable(2) }
            let error = await failure { try await lanes[31].waitUntilDurable(1) } as? PostgresError
            #expect(error?.sqlState == "23514")
            #expect(try await fixture.fixture.value("SELECT count(*) FROM durable.journal", as: Int64.self) == 98)
        }
    }

    @Test func `an executor that was declared dead writes nothing more, and hears of it`() async throws {
        try await self.withWriter { fixture in
            let lane = fixture.lane("w")
            fixture.writer.submit(Self.step(0), for: lane)
            try await lane.waitUntilDurable(1)
            try await fixture.fixture.sql(
                "UPDATE durable.executor SET epoch = epoch + 1 WHERE number = \(fixture.identity.number)"
            )
            fixture.writer.submit(Self.step(1), for: lane)
            #expect(await failure { try await lane.waitUntilDurable(2) } is SupersededRun)
            #expect(fixture.writer.submit(Self.step(2), for: lane) == nil)
            try await eventually("the engine hears of it") { fixture.superseded.all == [fixture.identity.number] }
            #expect(try await fixture.journal("w") == ["0 s"])
        }
    }

    @Test func `sessions that are terminated again and again cost nothing but time`() async throws {
        try await self.withWriter { fixture in
            let finished = Counter()
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<20 {
                    group.addTask {
                        let lane = fixture.lane("w-\(number)")
                        for position in 0..<30 as Range<Int32> {
                            let ticket = try #require(fixture.writer.submit(Self.step(position), for: lane))
                            try await lane.waitUntilDurable(ticket)
                        }
                        finished.next()
                    }
                }
                group.addTask {
                    while finished.value < 20 {
                        try await fixture.fixture.sql(
                            """
                            SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                            WHERE datname = current_database() AND query LIKE '%journal%' AND pid <> pg_backend_pid()
                            """
                        )
                        try await Task.sleep(for: .milliseconds(20))
                    }
                }
                try await group.waitForAll()
            }
            let rows = try await fixture.fixture.value("SELECT count(*) FROM durable.journal", as: Int64.self)
            #expect(rows == 600)
        }
    }

    @Test func `a start that meets a stranger's uncommitted id keeps no other workflow waiting`() async throws {
        try await self.withWriter { fixture in
            let stranger = try await fixture.fixture.connect()
            defer { stranger.close() }
            try await stranger.execute("BEGIN")
            try await stranger.execute("INSERT INTO durable.workflow (id, name, version) VALUES ('w', 'w', 1)")
            let meets = fixture.lane("w")
            fixture.writer.submit(Self.start(), for: meets)
            let began = ContinuousClock.now
            for position in 0..<20 as Range<Int32> {
                let lane = fixture.lane("n-\(position)")
                let ticket = try #require(fixture.writer.submit(Self.step(0), for: lane))
                try await lane.waitUntilDurable(ticket)
            }
            #expect(ContinuousClock.now - began < .seconds(60), "they do not wait for the stranger")
            #expect(meets.failure == nil)
            try await stranger.execute("ROLLBACK")
            try await meets.waitUntilDurable(1)
            #expect(try await fixture.fixture.live("w", "state") == "running")
        }
    }

    @Test func `where a session does not keep its settings BEGIN is said`() async throws {
        try await self.withWriter(connections: 1, keepsSettings: false) { fixture in
            let lane = fixture.lane("w")
            // As behind a pool that hands out sessions anew: the database's own defaults are back.
            try await fixture.fixture.sql(
                """
                ALTER DATABASE \(fixture.fixture.database) SET default_transaction_isolation = 'serializable'
                """
            )
            try await fixture.fixture.sql(
                """
                SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                WHERE datname = current_database() AND pid <> pg_backend_pid()
                """
            )
            fixture.writer.submit(Self.step(0), for: lane)
            try await eventually("the first row is written") { try await fixture.journal("w") == ["0 s"] }
            fixture.writer.submit(Self.step(1), for: lane)
            try await eventually("and the next") { try await fixture.journal("w") == ["0 s", "1 s"] }
        }
    }

    @Test func `who waits for a lone row finds its commit himself, on the thread that waits`() async throws {
        try await self.withWriter(spin: .seconds(60)) { fixture in
            let lane = fixture.lane("w")
            let byPoller = Recorder<Bool>()
            for position in 0..<20 as Range<Int32> {
                let ticket = try #require(fixture.writer.submit(Self.step(position), for: lane))
                lane.whenDurable(ticket) { _ in byPoller.record(Poller.shared.isCurrent) }
                try await fixture.writer.waitUntilDurable(ticket, of: lane)
            }
            // One or the other may have been answered before anybody looked.
            #expect(byPoller.all.filter { !$0 }.count >= 10)
            #expect(try await fixture.journal("w").count == 20)
        }
    }

    @Test func `a commit that outlasts the spin is awaited asleep, and found by the poller`() async throws {
        try await self.withWriter(spin: .nanoseconds(1)) { fixture in
            let stranger = try await fixture.fixture.connect()
            defer { stranger.close() }
            try await stranger.execute("BEGIN")
            try await stranger.execute("LOCK TABLE durable.journal IN SHARE MODE")
            let lane = fixture.lane("w")
            let ticket = try #require(fixture.writer.submit(Self.step(0), for: lane))
            let byPoller = Recorder<Bool>()
            lane.whenDurable(ticket) { _ in byPoller.record(Poller.shared.isCurrent) }
            let waiter = Task { try await fixture.writer.waitUntilDurable(ticket, of: lane) }
            try await eventually("it waits for the stranger") {
                try await fixture.fixture.column(
                    "SELECT 'waits' FROM pg_locks WHERE NOT granted AND relation = 'durable.journal'::regclass"
                ) == ["waits"]
            }
            try await stranger.execute("ROLLBACK")
            try await waiter.value
            #expect(byPoller.all == [true])
            #expect(try await fixture.journal("w") == ["0 s"])
        }
    }
}

// SPDX-License-Identifier: Apache-2.0

import Foundation
import Libpq
import Logging
import Testing

@testable import Durable

/// The writer on a real database, with runs that exist only as their rows.
@Suite struct JournalWriterTests {
    @Test func `hundreds of runs at once lose no row, keep their order, and wake up`() async throws {
        try await WriterFixture.run { fixture in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<300 {
                    group.addTask {
                        let lane = fixture.lane("w-\(number)")
                        for position in 0..<20 as Range<Int32> {
                            let ticket = try #require(fixture.writer.submit(WriterFixture.step(position), for: lane))
                            // Some wait for each row, some for the last of several.
                            if position % Int32(1 + number % 4) == 0 { try await lane.waitUntilDurable(ticket) }
                        }
                        try await lane.waitUntilDurable(lane.lastTicket)
                    }
                }
                try await group.waitForAll()
            }
            #expect(try await fixture.database.value("SELECT count(*) FROM durable.journal", as: Int64.self) == 6_000)
        }
    }

    @Test func `a row of the same run that is there already was written before a reply was lost`() async throws {
        try await WriterFixture.run { fixture in
            let first = fixture.lane("w", token: 7)
            for position in 0..<3 as Range<Int32> { fixture.writer.submit(WriterFixture.step(position), for: first) }
            try await first.waitUntilDurable(3)
            let again = fixture.lane("w", token: 7)
            for position in 0..<5 as Range<Int32> { fixture.writer.submit(WriterFixture.step(position), for: again) }
            try await again.waitUntilDurable(5)
            #expect(try await fixture.journal("w") == (0..<5).map { "\($0) s" })
        }
    }

    @Test func `a run that meets another's row is over with all its rows, and the others of its batch are written`()
        async throws
    {
        try await WriterFixture.run(connections: 1) { fixture in
            let owner = fixture.lane("w")
            fixture.writer.submit(WriterFixture.step(1, "theirs"), for: owner)
            try await owner.waitUntilDurable(1)
            let late = fixture.lane("w")
            let neighbours = (0..<20).map { fixture.lane("n-\($0)") }
            for neighbour in neighbours { fixture.writer.submit(WriterFixture.step(0), for: neighbour) }
            fixture.writer.submit(WriterFixture.step(0, "mine"), for: late)
            fixture.writer.submit(WriterFixture.step(1, "mine"), for: late)
            fixture.writer.submit(WriterFixture.step(2, "mine"), for: late)
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
        try await WriterFixture.run(connections: 1) { fixture in
            try await fixture.database.workflows(1...1)
            let taken = fixture.lane("w-1")
            let free = (0..<10).map { fixture.lane("free-\($0)") }
            for lane in free { fixture.writer.submit(WriterFixture.start(), for: lane) }
            fixture.writer.submit(WriterFixture.start(), for: taken)
            for lane in free { try await lane.waitUntilDurable(1) }
            #expect(await failure { try await taken.waitUntilDurable(1) } is StartTaken)
            let started = try await fixture.database.column(
                "SELECT workflow_id FROM durable.live WHERE executor = \(fixture.identity.number) ORDER BY 1",
                as: String.self
            )
            #expect(started == (0..<10).map { "free-\($0)" })
        }
    }

    @Test func `a row that the server will never take is found among all others`() async throws {
        try await WriterFixture.run(connections: 1) { fixture in
            try await fixture.database.sql("ALTER TABLE durable.journal ADD CHECK (name <> 'poison')")
            let lanes = (0..<50).map { fixture.lane("w-\($0)") }
            for (number, lane) in lanes.enumerated() {
                fixture.writer.submit(WriterFixture.step(0, number == 31 ? "poison" : "s"), for: lane)
                fixture.writer.submit(WriterFixture.step(1), for: lane)
            }
            for (number, lane) in lanes.enumerated() where number != 31 { try await lane.waitUntilDurable(2) }
            let error = await failure { try await lanes[31].waitUntilDurable(1) } as? PostgresError
            #expect(error?.sqlState == "23514")
            #expect(try await fixture.database.value("SELECT count(*) FROM durable.journal", as: Int64.self) == 98)
        }
    }

    @Test func `sessions that are terminated again and again cost nothing but time`() async throws {
        try await WriterFixture.run { fixture in
            let finished = Counter()
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<20 {
                    group.addTask {
                        let lane = fixture.lane("w-\(number)")
                        for position in 0..<30 as Range<Int32> {
                            let ticket = try #require(fixture.writer.submit(WriterFixture.step(position), for: lane))
                            try await lane.waitUntilDurable(ticket)
                        }
                        finished.next()
                    }
                }
                group.addTask {
                    while finished.value < 20 {
                        try await fixture.database.sql(
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
            let rows = try await fixture.database.value("SELECT count(*) FROM durable.journal", as: Int64.self)
            #expect(rows == 600)
        }
    }

    @Test func `a start that meets a stranger's uncommitted id keeps no other workflow waiting`() async throws {
        try await WriterFixture.run { fixture in
            let stranger = try await fixture.database.connect()
            defer { stranger.close() }
            try await stranger.execute("BEGIN")
            try await stranger.execute("INSERT INTO durable.workflow (id, name, version) VALUES ('w', 'w', 1)")
            let meets = fixture.lane("w")
            fixture.writer.submit(WriterFixture.start(), for: meets)
            let began = ContinuousClock.now
            for position in 0..<20 as Range<Int32> {
                let lane = fixture.lane("n-\(position)")
                let ticket = try #require(fixture.writer.submit(WriterFixture.step(0), for: lane))
                try await lane.waitUntilDurable(ticket)
            }
            #expect(ContinuousClock.now - began < .seconds(60), "they do not wait for the stranger")
            #expect(meets.failure == nil)
            try await stranger.execute("ROLLBACK")
            try await meets.waitUntilDurable(1)
            #expect(try await fixture.database.live("w", "state") == "running")
        }
    }

    @Test func `where a session does not keep its settings BEGIN is said`() async throws {
        try await Self.whereBeginIsSaid { fixture in
            let lane = fixture.lane("w")
            fixture.writer.submit(WriterFixture.step(0), for: lane)
            try await eventually("the first row is written") { try await fixture.journal("w") == ["0 s"] }
            fixture.writer.submit(WriterFixture.step(1), for: lane)
            try await eventually("and the next") { try await fixture.journal("w") == ["0 s", "1 s"] }
        }
    }

    @Test func `where BEGIN is said a row that was refused for a while is rolled back, and written later`() async throws
    {
        try await Self.whereBeginIsSaid { fixture in
            let lane = fixture.lane("w")
            fixture.writer.submit(WriterFixture.step(0), for: lane)
            try await lane.waitUntilDurable(1)
            let stranger = try await fixture.database.connect()
            defer { stranger.close() }
            try await stranger.execute("BEGIN")
            try await stranger.execute("LOCK TABLE durable.journal IN SHARE MODE")
            fixture.writer.submit(WriterFixture.step(1), for: lane)
            // Refused, and tried again: each wait for the lock is one more.
            let waits = "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'durable.journal'::regclass"
            for seen in [1, 0, 1] as [Int64] {
                try await eventually("it waits, gives up, and waits again") {
                    try await fixture.database.value(waits) == seen
                }
            }
            try await stranger.execute("ROLLBACK")
            try await lane.waitUntilDurable(2)
            #expect(try await fixture.journal("w") == ["0 s", "1 s"])
        }
    }

    /// Over one session of the database's own defaults, as behind a pool that hands out sessions anew.
    private static func whereBeginIsSaid(_ body: (WriterFixture) async throws -> Void) async throws {
        try await WriterFixture.run(connections: 1, keepsSettings: false) { fixture in
            let name = fixture.database.database
            try await fixture.database.sql("ALTER DATABASE \(name) SET default_transaction_isolation = 'serializable'")
            try await fixture.database.sql("ALTER DATABASE \(name) SET lock_timeout = '100ms'")
            try await fixture.database.sql(
                """
                SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                WHERE datname = current_database() AND pid <> pg_backend_pid()
                """
            )
            try await body(fixture)
        }
    }
}

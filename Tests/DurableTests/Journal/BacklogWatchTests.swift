// SPDX-License-Identifier: Apache-2.0

import DurableTesting
import Foundation
import Libpq
import Testing

@testable import Durable

@Suite struct BacklogWatchTests {
    private let start = ContinuousClock.now

    private func lane(rows: Int) -> RunLane {
        let executor = ExecutorIdentity(id: UUID(), number: 1, epoch: 1, server: 1, name: "x")
        let lane = RunLane(workflow: "w", token: 1, executor: executor)
        for _ in 0..<rows { _ = lane.submit() }
        return lane
    }

    @Test func `who has just come has not waited, and who was there at the last look has`() {
        var watch = BacklogWatch()
        let lane = self.lane(rows: 2)
        #expect(watch.look(at: nil, now: self.start) == nil)
        #expect(watch.look(at: lane, now: self.start) == nil)
        #expect(watch.look(at: lane, now: self.start + .seconds(5)) == .seconds(5))
        lane.acknowledge(1)
        #expect(watch.look(at: lane, now: self.start + .seconds(10)) == .seconds(10), "one of two rows is durable")
        lane.acknowledge(1)
        #expect(watch.look(at: nil, now: self.start + .seconds(15)) == nil)
    }

    @Test func `a writer that always has something to do and does it is not behind`() {
        var watch = BacklogWatch()
        for second in 0..<5 {
            let lane = self.lane(rows: 1)
            #expect(watch.look(at: lane, now: self.start + .seconds(second)) == nil)
            lane.acknowledge(1)
        }
    }

    @Test func `a run that is over does not wait any more`() {
        var watch = BacklogWatch()
        let lane = self.lane(rows: 1)
        #expect(watch.look(at: lane, now: self.start) == nil)
        lane.fail(SupersededRun())
        #expect(watch.look(at: nil, now: self.start + .seconds(5)) == nil)
    }

    @Test func `the oldest row is one that is under way, before those that wait`() {
        var queue = WriteQueue<QueuedRow>.open(1)
        #expect(queue.oldest == nil)
        queue.submit(lanes: [7])
        #expect(queue.oldest?.laneNumber == 7)
        _ = queue.next()
        queue.submit(lanes: [8])
        #expect(queue.oldest?.laneNumber == 7)
        queue.settled(0)
        #expect(queue.oldest?.laneNumber == 8)
    }

    @Test func `a process whose records are held up says so with its lease, until they are durable`() async throws {
        let program = Plain<Int> { _, workflow in try await workflow.step("one") { _ in 1 } }
        try await withEngine([program], .test.with { $0.lease = .seconds(3) }) { engine, database in
            let behind = "SELECT count(*)::text FROM durable.executors WHERE behind_since < now() AND state = 'alive'"
            let connection = try await PostgresConnection.connect(database.configuration)
            defer { connection.close() }
            try await connection.execute("BEGIN")
            try await connection.execute("LOCK TABLE durable.journal IN EXCLUSIVE MODE")
            let handle = try await engine.start(Plain<Int>.self, id: "a")
            try await eventually("it says so") { try await database.text(behind) == "1" }
            try await connection.execute("COMMIT")
            #expect(try await handle.result() == 1)
            try await eventually("it says so no more") { try await database.text(behind) == "0" }
        }
    }
}

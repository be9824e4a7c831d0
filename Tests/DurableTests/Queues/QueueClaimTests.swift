// SPDX-License-Identifier: Apache-2.0

import Libpq
import Testing

@testable import Durable

/// Claims by bare executors: their order, and the limits when many claim at once.
@Suite struct QueueClaimTests {
    @Test func `of what waits the begun goes first, then the higher priority, then the older`() async throws {
        try await ExecutorFixture.run { fixture in
            try await fixture.sql("SELECT durable.set_queue('q')")
            try await fixture.enqueue(1...3, priority: -5)
            try await fixture.enqueue(4...6)
            try await fixture.enqueue(7...9, priority: 100)
            try await fixture.sql("UPDATE durable.live SET begun = true, state = 'waiting' WHERE workflow_id = 'w-2'")
            let process = try await fixture.recovery()
            var order: [String] = []
            while true {
                let one = try await process.claim(1)
                if one.isEmpty { break }
                order += one
            }
            #expect(order == [2, 7, 8, 9, 4, 5, 6, 1, 3].map { "w-\($0)" })
            await process.stop()
        }
    }

    @Test func `sleepers of a higher priority do not hide what is due below them`() async throws {
        try await ExecutorFixture.run { fixture in
            try await fixture.sql("SELECT durable.set_queue('q')")
            try await fixture.enqueue(1...5, priority: 9)
            try await fixture.sql("UPDATE durable.live SET run_at = 'infinity'")
            try await fixture.enqueue(6...7, priority: -9)
            let process = try await fixture.recovery()
            #expect(try await process.claim(10) == ["w-6", "w-7"])
            await process.stop()
        }
    }

    @Test func `what is in no queue is taken in the order of its due times, in every queue without limits`()
        async throws
    {
        try await ExecutorFixture.run { fixture in
            try await fixture.sql("SELECT durable.set_queue('q')")
            try await fixture.workflows(1...2)
            try await fixture.enqueue(3...4)
            try await fixture.sql("SELECT durable.set_queue('limited', 1)")
            try await fixture.enqueue(5...6, queue: "limited")
            let process = try await fixture.recovery()
            #expect(Set(try await process.claim(10)) == ["w-1", "w-2", "w-3", "w-4"])
            #expect(try await process.waitingQueues() == ["limited"])
            #expect(try await process.claim(10, queue: "limited") == ["w-5"])
            #expect(try await process.claim(10, queue: "limited") == [])
            // Nothing is free: not worth a try.
            #expect(try await process.waitingQueues() == [])
            await process.stop()
        }
    }

    @Test func `a slot is free again when its workflow parks, is paused, ends, or was freed from a dead process`()
        async throws
    {
        try await ExecutorFixture.run { fixture in
            try await fixture.sql("SELECT durable.set_queue('q', 2)")
            try await fixture.enqueue(1...9)
            let (process, other) = (try await fixture.recovery(), try await fixture.recovery())
            #expect(try await process.claim(10, queue: "q") == ["w-1", "w-2"])
            #expect(try await other.claim(10, queue: "q") == [])
            let free = "executor = NULL, epoch = NULL, run = NULL"
            try await fixture.sql(
                "UPDATE durable.live SET \(free), state = 'waiting', run_at = 'infinity' WHERE workflow_id = 'w-1'"
            )
            #expect(try await other.claim(10, queue: "q") == ["w-3"])
            try await fixture.sql(
                "UPDATE durable.live SET \(free), state = 'paused', run_at = 'infinity' WHERE workflow_id = 'w-3'"
            )
            #expect(try await other.claim(10, queue: "q") == ["w-4"])
            try await fixture.sql("DELETE FROM durable.live WHERE workflow_id = 'w-4'")
            // Parked ones come back before what has not begun.
            try await fixture.sql("UPDATE durable.live SET run_at = durable.clock() WHERE workflow_id = 'w-1'")
            #expect(try await other.claim(10, queue: "q") == ["w-1"])
            #expect(try await other.claim(10, queue: "q") == [])
            // What a dead process owned keeps its slot until it is freed: it may still be at it.
            #expect(try await fixture.value("SELECT durable.take_over(\(process.number), true)") == true)
            #expect(try await other.claim(10, queue: "q") == [])
            #expect(try await other.recovery.sweep(as: other.lease).freed == 1)
            #expect(try await other.claim(10, queue: "q") == ["w-2"])
            await process.stop()
            await other.stop()
        }
    }

    @Test func `limits hold exactly, in each process and over all, however many claim at once`() async throws {
        try await ExecutorFixture.run { fixture in
            try await fixture.sql("SELECT durable.set_queue('q', 7, 3)")
            try await fixture.enqueue(1...200)
            try await SlotWatch.install(for: "q") { try await fixture.sql($0) }
            var processes: [RecoveryFixture] = []
            for _ in 0..<4 { processes.append(try await fixture.recovery()) }
            try await withThrowingTaskGroup(of: Void.self) { group in
                for process in processes {
                    group.addTask {
                        let session = try await fixture.connect()
                        defer { session.close() }
                        while true {
                            let mine = try await process.claim(2, queue: "q")
                            if mine.isEmpty {
                                let left = try await session.strings("SELECT count(*)::text FROM durable.live", [])
                                if left == ["0"] { return }
                                continue
                            }
                            for id in mine {
                                try await session.execute("DELETE FROM durable.live WHERE workflow_id = \(id)")
                            }
                        }
                    }
                }
                try await group.waitForAll()
            }
            #expect(try await fixture.value("SELECT max(slots) FROM taken", as: Int32.self) <= 7)
            #expect(try await fixture.value("SELECT max(in_process) FROM taken", as: Int32.self) <= 3)
            #expect(try await fixture.value("SELECT count(*) FROM taken", as: Int64.self) >= 100)
            for process in processes { await process.stop() }
        }
    }

    @Test func `a suspect of a queue with limits waits for a slot like the others`() async throws {
        try await ExecutorFixture.run { fixture in
            try await fixture.sql("SELECT durable.set_queue('q', 1)")
            try await fixture.enqueue(1...3)
            try await fixture.sql("UPDATE durable.live SET recoveries = 2 WHERE workflow_id = 'w-3'")
            let process = try await fixture.recovery()
            #expect(try await process.claim(10) == [])
            #expect(try await process.claim(10, queue: "q") == ["w-3"])
            #expect(try await process.claim(10, queue: "q") == [])
            await process.stop()
        }
    }

    @Test func `a stopped queue lets nothing start, and a limit that is raised or gone counts at once`() async throws {
        try await ExecutorFixture.run { fixture in
            try await fixture.sql("SELECT durable.set_queue('q', 0)")
            try await fixture.enqueue(1...6)
            let process = try await fixture.recovery()
            #expect(try await process.claim(10, queue: "q") == [])
            try await fixture.sql("SELECT durable.set_queue('q', NULL, 2)")
            #expect(try await process.claim(10) == [])
            #expect(try await process.claim(10, queue: "q") == ["w-1", "w-2"])
            try await fixture.sql("SELECT durable.set_queue('q', 3)")
            #expect(try await process.claim(10, queue: "q") == ["w-3"])
            try await fixture.sql("SELECT durable.set_queue('q')")
            #expect(try await process.claim(10) == ["w-4", "w-5", "w-6"])
            await process.stop()
        }
    }

    @Test func `a claim of a queue that another one is just taking of gives up, and takes nothing`() async throws {
        try await ExecutorFixture.run { fixture in
            try await fixture.sql("SELECT durable.set_queue('q', 5)")
            try await fixture.enqueue(1...3)
            let process = try await fixture.recovery()
            let holder = try await fixture.connect()
            try await holder.execute("BEGIN")
            try await holder.execute(
                "SELECT pg_advisory_xact_lock('durable.queue'::regclass::oid::integer, hashtext('q'))"
            )
            #expect(try await process.claim(10, queue: "q") == [])
            holder.close()
            try await eventually("the lock is gone") { try await process.claim(10, queue: "q").count == 3 }
            await process.stop()
        }
    }
}

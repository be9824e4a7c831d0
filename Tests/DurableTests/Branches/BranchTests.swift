// SPDX-License-Identifier: Apache-2.0

import DurableTesting
import Synchronization
import Testing

@testable import Durable

@Suite struct BranchTests {
    @Test func `branches of any types run side by side, each in a scope of its own`() async throws {
        let first = Gate()
        let second = Gate()
        let program = Plain { _, workflow in
            let (number, text, nothing): (Int, String, Void) = try await workflow.parallel(
                { branch in
                    try await branch.step("left") { _ in
                        first.open()
                        try await second.wait()
                        return 1
                    }
                },
                { branch in
                    try await branch.step("right") { _ in
                        second.open()
                        try await first.wait()
                        return "x"
                    }
                },
                { branch in try await branch.sleep(for: .zero) }
            )
            _ = nothing
            return "\(number) \(text)"
        }
        try await withEngine([program]) { engine, database in
            let result = try await engine.start(Plain<String>.self, id: "a").result()
            #expect(result == "1 x")
            #expect(
                try await database.journal(of: "a") == [
                    "|0|0|parallel", "parallel@0[0]|0|0|left", "parallel@0[1]|0|0|right", "parallel@0[2]|0|0|sleep",
                    "parallel@0[2]|0|1|sleep",
                ]
            )
        }
    }

    @Test func `a map keeps the order of its elements, and runs no more branches at a time than it was told`()
        async throws
    {
        let running = Mutex((now: 0, most: 0))
        let program = Plain { _, workflow in
            try await workflow.map(Array(0..<30), maxConcurrent: 3) { element, branch in
                try await branch.step("work") { _ in
                    running.withLock {
                        $0.now += 1
                        $0.most = max($0.most, $0.now)
                    }
                    // Lets every branch that may run begin to.
                    for _ in 0..<20 { await Task.yield() }
                    running.withLock { $0.now -= 1 }
                    return element * element
                }
            }
        }
        try await withEngine([program]) { engine, _ in
            let result = try await engine.start(Plain<[Int]>.self, id: "a").result()
            #expect(result == (0..<30).map { $0 * $0 })
        }
        #expect(running.withLock { $0.most } <= 3)
    }

    @Test(.notReplayed("a replay may know of the failure before its siblings have recorded anything"))
    func `the first failure cancels the siblings, waits for them, and is what the group throws`() async throws {
        let never = Gate()
        let began = Gate()
        let cancelled = Counter()
        let program = Plain { _, workflow in
            do {
                _ = try await workflow.parallel(
                    { branch in
                        try await branch.step("waits") { _ in
                            began.open()
                            do {
                                try await never.wait()
                            } catch {
                                cancelled.next()
                                throw error
                            }
                        }
                        try await branch.step("never") { _ in Issue.record("the branch is over") }
                    },
                    { branch in
                        try await branch.step("fails", retry: .never) { _ in
                            try await began.wait()
                            throw CardRefused(reason: "expired")
                        }
                    },
                    { branch in try await branch.sleep(for: .seconds(3600)) }
                )
                return "?"
            } catch let error as CardRefused {
                return "\(error.reason), \(cancelled.value) cancelled"
            }
        }
        try await withEngine([program]) { engine, database in
            let result = try await engine.start(Plain<String>.self, id: "a").result()
            #expect(result == "expired, 1 cancelled")
            // The sleep is recorded only if its branch began before the group failed.
            let journal = try await database.journal(of: "a").filter { $0 != "parallel@0[2]|0|1|sleep" }
            #expect(
                journal == ["|0|0|parallel", "parallel@0[1]|0|0|fails"],
                "what was cancelled has recorded no end"
            )
        }
    }

    @Test(.notReplayed("it counts how often branches are entered"))
    func `a group that has failed is not entered again, and throws the same on replay`() async throws {
        let entered = Counter()
        let seen = Recorder<String>()
        let program = Plain { _, workflow in
            for declared in [true, false] {
                do {
                    _ = try await workflow.map([0, 1]) { element, branch in
                        entered.next()
                        if element == 0 { try await branch.sleep(for: .seconds(3600)) }
                        try await branch.step("fails", retry: .never) { _ in
                            if declared { throw CardRefused(reason: "expired") }
                            throw Outage()
                        }
                    }
                } catch let error as CardRefused {
                    seen.record("CardRefused \(error.reason)")
                } catch let error as StepFailure {
                    seen.record("\(error) \(error.attempt ?? 0)")
                }
            }
            try await workflow.sleep(for: .milliseconds(30))
            return Nothing()
        }
        // What sleeps in a branch beside one that works is not parked.
        try await withEngine([program], .replaying) { engine, _ in
            try await engine.start(Plain<Nothing>.self, id: "a").result()
        }
        #expect(entered.value == 4)
        let once = ["CardRefused expired", "DurableTests.Outage: the line is dead 1"]
        #expect(seen.all.prefix(4) == (once + once)[...])
    }

    @Test func `an error of a branch that is no step's is thrown alike live and on replay`() async throws {
        let seen = Recorder<String>()
        let program = Plain { _, workflow in
            do {
                _ = try await workflow.parallel({ _ in throw Outage() }, { _ in 1 })
            } catch {
                seen.record("\(type(of: error)) \(error)")
            }
            try await workflow.sleep(for: .milliseconds(30))
            return Nothing()
        }
        try await withEngine([program], .replaying) { engine, _ in
            try await engine.start(Plain<Nothing>.self, id: "a").result()
        }
        #expect(seen.isReplayed)
        #expect(seen.all.first == "StepFailure DurableTests.Outage: the line is dead")
    }

    @Test(.notReplayed("it counts how often branches are entered"))
    func `the first to end wins a race, the others are cancelled, and after a replay it has won as well`()
        async throws
    {
        let entered = Counter()
        let seen = Recorder<String>()
        let program = Plain { _, workflow in
            let winner = try await workflow.race(
                { branch in
                    entered.next()
                    try await branch.sleep(for: .seconds(3600))
                    return "late"
                },
                { branch in
                    entered.next()
                    return try await branch.step("fast") { _ in "fast" }
                }
            )
            seen.record(winner)
            try await workflow.sleep(for: .milliseconds(30))
            return winner
        }
        try await withEngine([program], .replaying) { engine, database in
            let result = try await engine.start(Plain<String>.self, id: "a").result()
            #expect(result == "fast")
            #expect(
                try await database.text("SELECT output->>'value' FROM durable.journal WHERE name = 'race'")
                    == "\"fast\""
            )
        }
        #expect(entered.value == 2, "a decided race is not entered again")
        #expect(seen.isReplayed)
        #expect(seen.all.first == "fast")
    }

    @Test func `a race against a sleep is a deadline, also across a replay`() async throws {
        let held = Gate()
        let reached = Gate()
        let program = Plain { _, workflow in
            try await workflow.race(
                { branch in
                    try await branch.step("work") { _ in
                        reached.open()
                        try await held.wait()
                        return "done"
                    }
                },
                { branch in
                    try await branch.sleep(for: .milliseconds(400))
                    return "too late"
                }
            )
        }
        try await withDatabase { database in
            try await database.withEngine([program]) { engine in
                _ = try await engine.start(Plain<String>.self, id: "a")
                try await reached.wait()
                try await eventually("the deadline is recorded") { try await !database.journal(of: "a").isEmpty }
            }
            let due = try await database.text("SELECT due::text FROM durable.journal")
            let result = try await database.withEngine([program]) { engine in
                try await engine.handle(Plain<String>.self, id: "a").result()
            }
            #expect(result == "too late")
            #expect(
                try await database.text("SELECT due::text FROM durable.journal WHERE phase = 0 AND kind = 3") == due
            )
        }
    }

    @Test func `groups within groups, and steps around them, keep their places`() async throws {
        let program = Plain { _, workflow in
            try await workflow.step("before") { _ in 0 }
            let sums = try await workflow.map([1, 2]) { element, branch in
                let (left, right) = try await branch.parallel(
                    { inner in try await inner.step("left") { _ in element } },
                    { inner in try await inner.scope("deep") { try await $0.step("right") { _ in element * 10 } } }
                )
                return left + right
            }
            return try await workflow.step("after") { _ in sums }
        }
        try await withEngine([program]) { engine, database in
            let result = try await engine.start(Plain<[Int]>.self, id: "a").result()
            #expect(result == [11, 22])
            #expect(
                Set(try await database.journal(of: "a")) == [
                    "|0|0|before", "|1|0|map", "|2|0|after",
                    "map@1[0]|0|0|parallel", "map@1[0]/parallel@0[0]|0|0|left",
                    "map@1[0]/parallel@0[1]/deep@0|0|0|right",
                    "map@1[1]|0|0|parallel", "map@1[1]/parallel@0[0]|0|0|left",
                    "map@1[1]/parallel@0[1]/deep@0|0|0|right",
                ]
            )
        }
    }

    @Test func `a group without branches is a group all the same`() async throws {
        let program = Plain { _, workflow in
            let none = try await workflow.map([] as [Int]) { element, _ in element }
            let settled = try await workflow.mapSettled([] as [Int]) { element, _ in element }
            try await workflow.sleep(for: .milliseconds(30))
            return none.count + settled.count
        }
        try await withEngine([program], .replaying) { engine, database in
            let result = try await engine.start(Plain<Int>.self, id: "a").result()
            #expect(result == 0)
            #expect(try await database.journal(of: "a").prefix(2) == ["|0|0|map", "|1|0|map"])
        }
    }

    @Test func `a map that runs no branch at a time is refused in words`() async throws {
        let program = Plain { _, workflow in
            try await workflow.map([1], maxConcurrent: 0) { element, _ in element }
        }
        try await withEngine([program]) { engine, _ in
            let handle = try await engine.start(Plain<[Int]>.self, id: "a")
            let error = try #require(await failure { try await handle.result() } as? DurableError)
            #expect(error.message.contains("map needs at least one branch at a time; maxConcurrent is 0"))
        }
    }
}

// SPDX-License-Identifier: Apache-2.0

import DurableTesting
import Testing

@testable import Durable

/// Blocks that are undone together, and undos across branches.
@Suite struct SagaTests {
    @Test func `a block that fails is undone, and its error can be caught`() async throws {
        let done = Recorder<String>()
        let program = Plain<String> { _, workflow in
            try await workflow.step("before") { _ in
                0
            } undo: { _, _ in
                done.record("before")
            }
            do {
                try await workflow.saga("trip") { saga in
                    try await saga.step("flight") { _ in
                        1
                    } undo: { _, _ in
                        done.record("flight")
                    }
                    try await saga.step("hotel") { _ in
                        2
                    } undo: { _, _ in
                        done.record("hotel")
                    }
                    throw CardRefused(reason: "empty")
                }
            } catch let refused as CardRefused {
                // The workflow goes on, as one that has booked nothing.
                return try await workflow.step("after") { _ in "refused: \(refused.reason)" }
            }
            return "booked"
        }
        try await withEngine([program]) { engine, database in
            let handle = try await engine.start(Plain<String>.self, id: "a")
            #expect(try await handle.result() == "refused: empty")
            #expect(done.all == ["hotel", "flight"])
            #expect(
                try await database.journal(of: "a") == [
                    "|0|0|before", "|1|0|trip", "|1|1|trip", "|2|0|after", "trip@1|0|0|flight", "trip@1|1|0|hotel",
                    "undo/trip@1/0|0|0|undo flight", "undo/trip@1/1|0|0|undo hotel",
                ]
            )
        }
    }

    @Test(.notReplayed("it notes each entry of a block"))
    func `a block that was undone is not entered again, and throws what it threw`() async throws {
        let entered = Recorder<String>()
        let program = Plain<String> { _, workflow in
            var caught = ""
            do {
                try await workflow.saga { saga in
                    entered.record("saga")
                    try await saga.step("flight") { _ in
                        1
                    } undo: { _, _ in
                        entered.record("undo")
                    }
                    throw Outage()
                }
            } catch let failure as StepFailure {
                caught = failure.message
            }
            try await workflow.sleep(for: .milliseconds(50))
            entered.record("after: \(caught)")
            return caught
        }
        try await withEngine([program], .replaying) { engine, _ in
            let handle = try await engine.start(Plain<String>.self)
            #expect(try await handle.result() == "the line is dead")
            #expect(entered.all == ["saga", "undo", "after: the line is dead"])
        }
    }

    @Test func `a block that succeeded is undone when the workflow fails later`() async throws {
        let done = Recorder<String>()
        let program = Plain<Nothing> { _, workflow in
            try await workflow.saga { saga in
                try await saga.step("inner") { _ in
                    1
                } undo: { _, _ in
                    done.record("inner")
                }
            }
            try await workflow.step("outer") { _ in
                1
            } undo: { _, _ in
                done.record("outer")
            }
            throw CardRefused(reason: "empty")
        }
        try await withEngine([program]) { engine, _ in
            let handle = try await engine.start(Plain<Nothing>.self)
            await #expect(throws: CardRefused.self) { try await handle.result() }
            #expect(done.all == ["outer", "inner"])
        }
    }

    @Test func `a process that goes while a block is undone leaves the rest to the next one`() async throws {
        let done = Recorder<String>()
        let (reached, gate) = (Gate(), Gate())
        func program(_ holds: Bool) -> Plain<String> {
            Plain<String> { _, workflow in
                do {
                    try await workflow.saga { saga in
                        for name in ["a", "b", "c"] {
                            try await saga.step(name) { _ in
                                name
                            } undo: { name, _ in
                                done.record("\(name ?? "?")")
                                if holds, name == "b" {
                                    reached.open()
                                    try await gate.wait()
                                }
                            }
                        }
                        throw CardRefused(reason: "empty")
                    }
                } catch is CardRefused {
                    return try await workflow.step("caught") { _ in "caught" }
                }
                return "never"
            }
        }
        try await withDatabase { database in
            try await database.withEngine([program(true)]) { engine in
                try await engine.start(Plain<String>.self, id: "x")
                try await reached.wait()
            }
            try await database.withEngine([program(false)]) { engine in
                let handle = try await engine.handle(Plain<String>.self, id: "x")
                #expect(try await handle.result() == "caught")
            }
            #expect(done.all == ["c", "b", "b", "a"])
        }
    }

    @Test func `branches are undone by the order of the program, also after a replay of the decided group`()
        async throws
    {
        let done = Recorder<String>()
        let entered = Counter()
        let (first, second) = (Gate(), Gate())
        let program = Plain<Nothing> { _, workflow in
            do {
                _ = try await workflow.parallel(
                    { branch in
                        entered.next()
                        // Ends last, and is undone last.
                        try await branch.step("one") { _ in
                            try await second.wait()
                        } undo: { _ in
                            done.record("one")
                        }
                    },
                    { branch in
                        try await branch.step("two") { _ in
                            first.open()
                        } undo: { _ in
                            done.record("two")
                        }
                        try await branch.step("three") { _ in
                            second.open()
                        } undo: { _ in
                            done.record("three")
                        }
                        try await branch.sleep(for: .milliseconds(1))
                        throw Outage()
                    }
                )
            } catch is StepFailure {
                try await workflow.step("after") { _ in
                } undo: { _ in
                    done.record("after")
                }
            }
            try await workflow.sleep(for: .milliseconds(50))
            throw CardRefused(reason: "empty")
        }
        try await withEngine([program], .test.with { $0.hold = .milliseconds(20) }) { engine, database in
            let handle = try await engine.start(Plain<Nothing>.self, id: "a")
            await #expect(throws: CardRefused.self) { try await handle.result() }
            #expect(done.all == ["after", "three", "two", "one"])
            #expect(entered.value >= 2, "the group was entered again to find what is to be undone")
        }
    }

    @Test(.notReplayed("it counts how often branches are entered"))
    func `a group without undos is not entered again`() async throws {
        let entered = Counter()
        let program = Plain<Nothing> { _, workflow in
            _ = try? await workflow.map([1, 2]) { number, branch in
                entered.next()
                try await branch.step("work") { _ in if number == 2 { throw Outage() } }
            }
            try await workflow.sleep(for: .milliseconds(50))
            return Nothing()
        }
        try await withEngine([program], .replaying.with { $0.retry = .never }) { engine, _ in
            _ = try await engine.start(Plain<Nothing>.self).result()
            #expect(entered.value == 2)
        }
    }

    @Test func `what lost a race is undone with the rest`() async throws {
        let done = Recorder<String>()
        let begun = Gate()
        let program = Plain<Nothing> { _, workflow in
            let winner = try await workflow.race(
                { branch in
                    try await branch.step("slow") { _ in
                        begun.open()
                        try await Gate().wait()
                        return "slow"
                    } undo: { result, _ in
                        done.record("slow \(result ?? "nil")")
                    }
                },
                { branch in
                    try await branch.step("fast") { _ in
                        try await begun.wait()
                        return "fast"
                    } undo: { result, _ in
                        done.record("fast \(result ?? "nil")")
                    }
                }
            )
            try await workflow.sleep(for: .milliseconds(50))
            throw CardRefused(reason: winner)
        }
        try await withEngine([program], .replaying) { engine, _ in
            let handle = try await engine.start(Plain<Nothing>.self)
            let error = await #expect(throws: CardRefused.self) { try await handle.result() }
            #expect(error?.reason == "fast")
            #expect(done.all == ["fast fast", "slow nil"])
        }
    }

    @Test(arguments: ["", "undo", "a/b", "a[0]"])
    func `a saga needs a name that can be part of a path`(name: String) async throws {
        let program = Plain<Nothing> { _, workflow in
            try await workflow.saga(name) { _ in }
            return Nothing()
        }
        try await withEngine([program]) { engine, database in
            let handle = try await engine.start(Plain<Nothing>.self, id: "a")
            let error = await #expect(throws: DurableError.self) { try await handle.result() }
            #expect(error?.message.contains("The scope name") == true, "\(error.map { "\($0)" } ?? "")")
            #expect(try await database.journal(of: "a").isEmpty)
        }
    }
}

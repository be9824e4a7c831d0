// SPDX-License-Identifier: Apache-2.0

import DurableTesting
import Testing

@testable import Durable

/// Messages that a workflow had received in steps which a repair takes back.
@Suite struct GivenBackTests {
    @Test func `a retry gives back what the steps that it takes back had received, before what has come since`()
        async throws
    {
        let isUp = Counter()
        let program = Plain<[Int]> { _, workflow in
            _ = try await workflow.receive(Int.self, "begin")
            let before = try await workflow.receive(Int.self, "n")
            let all = try await workflow.saga { saga in
                let one = try await saga.receive(Int.self, "n")
                let batch = try await saga.receive(Int.self, "n", upTo: 2)
                let none = try await saga.receive(Int.self, "other", within: .zero)
                try await saga.step("pay", retry: .never) { _ in if isUp.next() == 1 { throw Outage() } }
                return [one] + batch + [none ?? 0]
            }
            return [before] + all + [try await workflow.receive(Int.self, "n")]
        }
        try await withEngine([program]) { engine, database in
            let handle = try await engine.start(Plain<[Int]>.self, id: "a")
            for number in 1...4 { try await engine.signal("a", "n", number) }
            try await engine.signal("a", "begin", 0)
            await #expect(throws: (any Error).self) { try await handle.result() }
            #expect(try await database.text("SELECT count(*)::text FROM durable.message") == "0")
            let operations = try await engine.operations
            try await operations.retry("a", reason: "the bank is back")
            try await engine.signal("a", "n", 5)
            #expect(try await handle.result() == [1, 2, 3, 4, 0, 5])
            #expect(try await database.text("SELECT count(*)::text FROM durable.message") == "0")
        }
    }

    @Test func `a result that is set by hand gives back what was received after it, for a race too, and once`()
        async throws
    {
        let program = Plain<[String]> { _, workflow in
            let first = try await workflow.step("first") { _ in "by code" }
            let won = try await workflow.race(
                { try await $0.receive(String.self, "n") },
                { branch in
                    try await branch.sleep(for: .seconds(3600))
                    return "late"
                }
            )
            // Has lost, with a message in hand.
            let other = try await workflow.race(
                { branch in
                    let taken = try await branch.receive(String.self, "m")
                    try await branch.sleep(for: .seconds(3600))
                    return taken
                },
                { try await $0.receive(String.self, "go") }
            )
            let freed = try await workflow.receive(String.self, "m")
            return [first, won, other, freed, try await workflow.receive(String.self, "end")]
        }
        try await withEngine([program], .replaying) { engine, database in
            let handle = try await engine.start(Plain<[String]>.self, id: "a")
            try await engine.signal("a", "n", "won")
            try await engine.signal("a", "m", "freed")
            try await eventually("the first branch has taken it") {
                try await database.journal(of: "a").contains { $0.hasSuffix("|0|0|m") }
            }
            try await engine.signal("a", "go", "go")
            try await eventually("it was received by the next call") {
                try await database.journal(of: "a").contains("|3|0|m")
            }
            try await database.waitFor(.waiting, of: "a")
            let operations = try await engine.operations
            try await operations.pause("a", reason: "to mend it")
            try await database.waitFor(.paused, of: "a")
            try await operations.setStepResult("by hand", of: "a", at: 0)
            #expect(
                try await database.rows("SELECT name || ' ' || (body #>> '{}') FROM durable.message ORDER BY name")
                    == ["go go", "m freed", "n won"]
            )
            try await operations.resume("a")
            try await engine.signal("a", "end", "end")
            #expect(try await handle.result() == ["by hand", "won", "go", "freed", "end"])
        }
    }

    @Test func `what a race that is not decided has taken is free again`() async throws {
        let program = Plain<[String]> { _, workflow in
            let first = try await workflow.step("first") { _ in "by code" }
            let won = try await workflow.race(
                { branch in
                    let one = try await branch.receive(String.self, "n")
                    return one + (try await branch.receive(String.self, "n"))
                },
                { branch in
                    try await branch.sleep(for: .seconds(3600))
                    return "late"
                }
            )
            return [first, won]
        }
        try await withEngine([program], .replaying) { engine, database in
            let handle = try await engine.start(Plain<[String]>.self, id: "a")
            try await engine.signal("a", "n", "1")
            try await eventually("the branch has taken the first") {
                try await database.journal(of: "a").contains("race@1[0]|0|0|n")
            }
            let operations = try await engine.operations
            try await operations.pause("a", reason: "to mend it")
            try await database.waitFor(.paused, of: "a")
            try await operations.setStepResult("by hand", of: "a", at: 0)
            #expect(
                try await database.rows("SELECT concat_ws(' ', name, body #>> '{}', taken_by) FROM durable.message")
                    == ["n 1"]
            )
            try await operations.resume("a")
            try await engine.signal("a", "n", "2")
            #expect(try await handle.result() == ["by hand", "12"])
        }
    }
}

// SPDX-License-Identifier: Apache-2.0

import DurableTesting
import Foundation
import Testing

@testable import Durable

/// Every way to run: held in memory or parked, told by notification or found by polling.
let waysToWait: [EngineOptions] = [true, false].flatMap { listens in
    [EngineOptions.test, .replaying].map { $0.with { $0.listen = listens } }
}

struct Approval: Codable, Sendable, Hashable {
    var by: String
}

extension Signal where Payload == Approval {
    static let approval = Signal("approval")
}

@Suite struct SignalTests {
    @Test(arguments: waysToWait) func `a signal wakes who waits for it`(options: EngineOptions) async throws {
        let program = Plain { _, workflow in
            try await workflow.receive(.approval, within: .seconds(600))?.by
        }
        try await withEngine([program], options) { engine, database in
            let handle = try await engine.start(Plain<String?>.self, id: "a")
            if options.hold == .zero { try await database.waitFor(.waiting, of: "a") }
            #expect(try await engine.signal("a", .approval, Approval(by: "Ada")))
            #expect(try await handle.result() == "Ada")
            #expect(try await database.text("SELECT count(*)::text FROM durable.message") == "0")
            // Who looks by itself has the message before the router has come to the inbox.
            try await eventually("nothing is left to deliver") {
                try await database.text("SELECT count(*)::text FROM durable.inbox") == "0"
            }
        }
    }

    @Test(arguments: waysToWait)
    func `signals keep their order per name, and may come before anybody waits`(options: EngineOptions) async throws {
        let sent = Gate()
        let program = Plain { _, workflow in
            try await workflow.step("until sent") { _ in try await sent.wait() }
            var got: [String] = []
            for _ in 0..<5 { got.append("a\(try await workflow.receive(Int.self, "a"))") }
            for _ in 0..<5 { got.append("b\(try await workflow.receive(Int.self, "b"))") }
            return got
        }
        try await withEngine([program], options) { engine, _ in
            let client = try DurableClient(database: engine.database)
            defer { client.shutdown() }
            let handle = try await engine.start(Plain<[String]>.self, id: "a")
            for number in 0..<5 {
                try await engine.signal("a", "b", number)
                try await client.signal("a", "a", number)
            }
            sent.open()
            #expect(try await handle.result() == ["a0", "a1", "a2", "a3", "a4", "b0", "b1", "b2", "b3", "b4"])
        }
    }

    @Test(arguments: waysToWait)
    func `a time that is over is nil, is recorded, and leaves later signals to the next receive`(
        options: EngineOptions
    ) async throws {
        let runs = Counter()
        let program = Plain { _, workflow in
            runs.next()
            let none = try await workflow.receive(Int.self, "n", within: .milliseconds(30))
            let zero = try await workflow.receive(Int.self, "n", within: .zero)
            let past = try await workflow.receive(Int.self, "n", until: Date(timeIntervalSince1970: 0))
            let one = try await workflow.receive(Int.self, "n")
            return [none, zero, past, one]
        }
        try await withEngine([program], options) { engine, database in
            let handle = try await engine.start(Plain<[Int?]>.self, id: "a")
            try await eventually("three receives are over") {
                try await database.journal(of: "a").filter { $0.hasSuffix("|0|n") }.count == 3
            }
            try await engine.signal("a", "n", 7)
            #expect(try await handle.result() == [nil, nil, nil, 7])
        }
    }

    @Test func `a signal that was sent before the deadline wins over a late wake-up, and a later one does not`()
        async throws
    {
        let program = Program<Int, Int?> { _, workflow in
            try await workflow.receive(Int.self, "n", within: .seconds(6))
        }
        try await withDatabase { database in
            try await database.withEngine([program], .replaying) { engine in
                try await engine.start(Program<Int, Int?>.self, 1, id: "in time")
                try await engine.start(Program<Int, Int?>.self, 2, id: "late")
                try await database.waitFor(.waiting, of: "in time")
                try await database.waitFor(.waiting, of: "late")
            }
            // Nobody runs. Both come now; what counts is when they were sent.
            for (id, moment) in [("in time", "- interval '1 ms'"), ("late", "+ interval '1 ms'")] {
                try await database.execute(
                    """
                    WITH sent AS (INSERT INTO durable.message (workflow_id, name, body, sent_at)
                        SELECT workflow_id, 'n', '7', due \(moment) FROM durable.journal WHERE workflow_id = '\(id)')
                    INSERT INTO durable.inbox (workflow_id, kind, name) VALUES ('\(id)', 'message', 'n')
                    """
                )
            }
            try await eventually("both deadlines are past") {
                try await database.text("SELECT bool_and(due < clock_timestamp())::text FROM durable.journal") == "true"
            }
            try await database.withEngine([program], .replaying) { engine in
                let early = try await engine.handle(Program<Int, Int?>.self, id: "in time").result()
                #expect(early == 7)
                let late = try await engine.handle(Program<Int, Int?>.self, id: "late").result()
                #expect(late == nil)
            }
            #expect(try await database.text("SELECT string_agg(workflow_id, ' ') FROM durable.message") == "late")
        }
    }

    @Test(arguments: waysToWait) func `several messages come in one batch, and as a sequence`(
        options: EngineOptions
    ) async throws {
        let sent = Gate()
        let program = Plain { _, workflow in
            try await workflow.step("until sent") { _ in try await sent.wait() }
            let first = try await workflow.receive(String?.self, "n", upTo: 3)
            let rest = try await workflow.receive(String?.self, "n", upTo: 10_000, within: .seconds(600))
            let none = try await workflow.receive(String?.self, "n", upTo: 5, within: .milliseconds(10))
            var sum = 0
            for try await number in workflow.messages(Int.self, "m", idle: .milliseconds(50)) { sum += number }
            try await workflow.sleep(for: .milliseconds(20))
            return "\(first) \(rest) \(none) \(sum)"
        }
        try await withEngine([program], options) { engine, database in
            let handle = try await engine.start(Plain<String>.self, id: "a")
            for text in ["a", nil, "c\u{0}", "d"] { try await engine.signal("a", "n", text) }
            for number in 1...4 { try await engine.signal("a", "m", number) }
            sent.open()
            let expected = "\([.some("a"), nil, "c\u{0}"] as [String?]) \([.some("d")] as [String?]) [] 10"
            #expect(try await handle.result() == expected)
            let rows = try await database.text(
                "SELECT count(*)::text FROM durable.journal WHERE kind = 7 AND name = 'n' AND phase = 0"
            )
            #expect(rows == "3", "one record per batch")
        }
    }

    @Test func `several branches wait at once, for the same name and for others`() async throws {
        let program = Plain { _, workflow in
            try await workflow.map(0..<6) { index, branch in
                try await branch.receive(Int.self, index < 3 ? "same" : "other \(index)", within: .seconds(600))
            }
        }
        for options in waysToWait {
            try await withEngine([program], options) { engine, database in
                let handle = try await engine.start(Plain<[Int?]>.self, id: "a")
                if options.hold == .zero {
                    try await database.waitFor(.waiting, of: "a")
                    let waits = try await database.rows("SELECT kind || ' ' || name FROM durable.waits ORDER BY 1")
                    #expect(waits == ["message other 3", "message other 4", "message other 5", "message same"])
                }
                for index in 3..<6 { try await engine.signal("a", "other \(index)", index) }
                for index in 0..<3 { try await engine.signal("a", "same", index) }
                let got = try await handle.result()
                #expect(Set(got.prefix(3)) == [0, 1, 2])
                #expect(Array(got.suffix(3)) == [3, 4, 5])
                #expect(try await database.text("SELECT count(*)::text FROM durable.message") == "0")
            }
        }
    }

    @Test(arguments: waysToWait)
    func `who loses a race consumes nothing, even after its receive was recorded`(options: EngineOptions) async throws {
        let program = Plain { _, workflow in
            let first = try await workflow.race(
                { branch in
                    let number = try await branch.receive(Int.self, "n")
                    // It has its message, and loses all the same.
                    _ = try await branch.receive(Int.self, "never")
                    return number
                },
                { branch in
                    try await branch.receive(Int.self, "stop") * 100
                }
            )
            let again = try await workflow.receive(Int.self, "n")
            let second = try await workflow.race(
                { branch in
                    let inner = try await branch.race(
                        { try await $0.receive(Int.self, "n") },
                        { try await $0.receive(Int.self, "never") }
                    )
                    return inner
                },
                { branch in try await branch.receive(Int.self, "never") }
            )
            return [first, again, second]
        }
        try await withEngine([program], options) { engine, database in
            let handle = try await engine.start(Plain<[Int]>.self, id: "a")
            try await engine.signal("a", "n", 7)
            try await eventually("the message is taken") {
                try await database.text("SELECT string_agg(taken_by, ' ') FROM durable.message") == "race@0[0]"
            }
            try await engine.signal("a", "stop", 1)
            try await engine.signal("a", "n", 8)
            #expect(try await handle.result() == [100, 7, 8])
            #expect(try await database.text("SELECT count(*)::text FROM durable.message") == "0")
        }
    }
}

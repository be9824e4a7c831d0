// SPDX-License-Identifier: Apache-2.0

import DurableTesting
import Foundation
import Testing

@testable import Durable

@Suite struct StepTests {
    @Test func `values, optionals, nil and nothing are the same live and after a replay`() async throws {
        struct Line: Codable, Hashable {
            var sku: String
            var count: Int?
        }
        struct Seen: Codable, Hashable {
            var line: Line
            var some: Int?
            var none: Int?
            var nested: String
            var list: [String]
            var double: Double
            var date: Date
            var data: Data
            var nothing: Nothing
        }
        let runs = Counter()
        let program = Plain { _, workflow in
            let line = try await workflow.step("line") { _ in
                runs.next()
                return Line(sku: "a", count: nil)
            }
            let some = try await workflow.step("some") { _ in Int?.some(3) }
            let none = try await workflow.step("none") { _ in Int?.none }
            let nested = try await workflow.step("nested") { _ in Int??.some(.none) }
            let list = try await workflow.step("list") { _ in [] as [String] }
            let double = try await workflow.step("double") { _ in 0.1 + 0.2 }
            let date = try await workflow.step("date") { _ in Date(timeIntervalSinceReferenceDate: 0.123456789) }
            let data = try await workflow.step("data") { _ in Data([0, 255]) }
            let nothing = try await workflow.step("nothing") { _ in Nothing() }
            try await workflow.step("void") { _ in _ = runs.next() }
            let seen = Seen(
                line: line,
                some: some,
                none: none,
                nested: "\(nested as Any)",
                list: list,
                double: double,
                date: date,
                data: data,
                nothing: nothing
            )
            try await workflow.sleep(for: .milliseconds(30))
            return seen
        }
        try await withEngine([program], .replaying) { engine, database in
            let seen = try await engine.start(Plain<Seen>.self, id: "a").result()
            #expect(seen.line == Line(sku: "a", count: nil))
            #expect(seen.some == 3)
            #expect(seen.none == nil)
            #expect(seen.nested == "Optional(nil)")
            #expect(seen.double == 0.1 + 0.2)
            #expect(seen.date == Date(timeIntervalSinceReferenceDate: 0.123456789))
            #expect(seen.data == Data([0, 255]))
            #expect(runs.value == 2, "each step has run once")
            let outputs = try await database.rows(
                "SELECT coalesce(output::text, 'NULL') FROM durable.journal WHERE position BETWEEN 1 AND 3 OR position IN (8, 9) ORDER BY position, phase"
            )
            #expect(outputs == ["3", "null", "[null]", "NULL", "NULL"])
        }
    }

    @Test func `a record says when its step ended and how long it took, and a replay leaves it so`() async throws {
        let program = Plain { _, workflow in
            let started = workflow.now
            try await workflow.step("first") { _ in try await Task.sleep(for: .milliseconds(30)) }
            let between = workflow.now
            try await workflow.step("second") { _ in }
            try await workflow.sleep(for: .milliseconds(200))
            return started <= between && between <= workflow.now
        }
        try await withEngine([program], .replaying) { engine, database in
            let rows = """
                SELECT concat_ws('|', name, at, seconds) FROM durable.journal WHERE phase = 0 AND position < 2
                ORDER BY position
                """
            let handle = try await engine.start(Plain<Bool>.self, id: "a")
            try await database.waitFor(.waiting, of: "a")
            let before = try await database.rows(rows)
            #expect(try await handle.result())
            #expect(try await database.rows(rows) == before)
            let spans = try await database.rows(
                "SELECT (seconds BETWEEN 0.03 AND 60)::text FROM durable.journal WHERE position = 0"
            )
            #expect(spans == ["true"])
            let order = """
                SELECT (min(at) = (array_agg(at ORDER BY position))[1])::text FROM durable.journal WHERE phase = 0
                """
            #expect(try await database.text(order) == "true")
        }
    }

    @Test(arguments: [1 << 20, 7 << 20])
    func `results of megabytes come back exact, also after a replay`(bytes: Int) async throws {
        let program = Program<Int, Bool> { bytes, workflow in
            let text = try await workflow.step("large") { _ in String(repeating: "ä", count: bytes / 2) }
            try await workflow.sleep(for: .milliseconds(30))
            return text.utf8.count == bytes && text.allSatisfy { $0 == "ä" }
        }
        try await withEngine([program], .replaying) { engine, _ in
            let handle = try await engine.start(Program<Int, Bool>.self, bytes, id: "a")
            #expect(try await handle.result())
        }
    }

    @Test func `attempt, previous error and idempotency key are stable across attempts and runs`() async throws {
        let seen = Recorder<String>()
        let keys = Recorder<String>()
        let held = Gate()
        let reached = Gate()
        let program = Plain { _, workflow in
            try await workflow.step("first") { step in keys.record(step.idempotencyKey) }
            return try await workflow.step("charge", retry: .immediately(attempts: 4)) { step in
                seen.record("\(step.attempt) \(step.previousError?.message ?? "-") \(step.step) \(step.workflow)")
                keys.record(step.idempotencyKey)
                if step.attempt < 3 { throw Outage(description: "no \(step.attempt)") }
                reached.open()
                try await held.wait()
                return "\(step.attempt) \(step.previousError?.message ?? "-") \(step.idempotencyKey(for: "email"))"
            }
        }
        try await withDatabase { database in
            try await database.withEngine([program]) { engine in
                _ = try await engine.start(Plain<String>.self, id: "order/7")
                try await reached.wait()
            }
            #expect(
                try await database.journal(of: "order/7")
                    == ["0|0|first", "1|1|charge", "1|2|charge"].map { "|" + $0 },
                "the attempt that was under way left nothing"
            )
            held.open()
            let result = try await database.withEngine([program]) { engine in
                try await engine.handle(Plain<String>.self, id: "order/7").result()
            }
            #expect(result == "3 no 2 order%2F7/1:email")
        }
        #expect(
            seen.all == [
                "1 - charge order/7", "2 no 1 charge order/7", "3 no 2 charge order/7", "3 no 2 charge order/7",
            ]
        )
        #expect(keys.all == ["order%2F7/0"] + Array(repeating: "order%2F7/1", count: 4))
    }

    @Test func `the second step of a name is the second, to people and to other services`() async throws {
        let program = Plain { _, workflow in
            var keys: [String] = []
            for _ in 0..<2 { keys.append(try await workflow.step("charge") { "\($0.step) \($0.idempotencyKey)" }) }
            return keys
        }
        try await withEngine([program]) { engine, _ in
            let keys = try await engine.start(Plain<[String]>.self, id: "a").result()
            #expect(keys == ["charge a/0", "charge#2 a/1"])
        }
    }

    @Test func `an attempt that takes too long is cancelled and counts`() async throws {
        let never = Gate()
        let attempts = Counter()
        let program = Plain { _, workflow in
            try await workflow.step("slow", retry: .immediately(attempts: 2), timeout: .milliseconds(50)) { step in
                if attempts.next() == 1 { try await never.wait() }
                return "\(step.attempt) \(step.previousError?.type ?? "-") \(step.deadline != nil)"
            }
        }
        try await withEngine([program]) { engine, database in
            let result = try await engine.start(Plain<String>.self, id: "a").result()
            #expect(result == "2 Durable.StepTimeout true")
            let error = try await database.text("SELECT error->>'message' FROM durable.journal WHERE phase = 1")
            #expect(error.hasPrefix("an attempt of step slow did not end within 0.05 seconds and was cancelled"))
        }
    }

    @Test(
        arguments: [
            (Duration.seconds(-1), "The duration of the timeout of step slow is negative (-1.0 seconds)."),
            (.zero, "the timeout of step slow is zero; it must be positive"),
            (.seconds(Int64.max), "The duration of the timeout of step slow is more than 100 years"),
        ]
    )
    func `a timeout that makes no sense is refused in words, before the step runs`(timeout: Duration, words: String)
        async throws
    {
        let runs = Counter()
        let program = Plain { _, workflow in
            try await workflow.step("slow", timeout: timeout) { _ in runs.next() }
        }
        try await withEngine([program]) { engine, database in
            let handle = try await engine.start(Plain<Int>.self, id: "a")
            let error = try #require(await failure { try await handle.result() } as? DurableError)
            #expect(error.message.contains(words))
            #expect(try await database.journal(of: "a").isEmpty)
        }
        #expect(runs.value == 0)
    }

    @Test
    func `a step that ignores its cancellation does not hold up the next attempt, and its late end changes nothing`()
        async throws
    {
        let late = Gate()
        let ended = Gate()
        let program = Plain { _, workflow in
            try await workflow.step("stubborn", retry: .immediately(attempts: 2), timeout: .milliseconds(30)) { step in
                guard step.attempt == 1 else { return "second" }
                // In a task of its own: it does not hear of the cancellation.
                await Task { try? await late.wait() }.value
                ended.open()
                return "first"
            }
        }
        try await withEngine([program]) { engine, database in
            #expect(try await engine.start(Plain<String>.self, id: "a").result() == "second")
            late.open()
            try await ended.wait()
            #expect(try await database.journal(of: "a") == ["|0|0|stubborn", "|0|1|stubborn"])
            #expect(try await database.text("SELECT output::text FROM durable.journal WHERE phase = 0") == "\"second\"")
        }
    }
}

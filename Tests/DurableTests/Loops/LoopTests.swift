// SPDX-License-Identifier: Apache-2.0

import DurableTesting
import Foundation
import Testing

@testable import Durable

/// Polls, workflows that begin anew, and sleeps by the calendar.
@Suite struct LoopTests {
    @Test func `a poll looks until it has what it wants, parked in between, in two rows`() async throws {
        let (looks, runs) = (Counter(), Counter())
        let program = Plain<Int> { _, workflow in
            runs.next()
            let value = try await workflow.poll("ready", every: .constant(.milliseconds(30))) { _ in
                looks.next()
            } until: {
                $0 >= 5
            }
            try await workflow.sleep(for: .milliseconds(50))
            return value
        }
        try await withEngine([program], .replaying) { engine, database in
            let handle = try await engine.start(Plain<Int>.self, id: "a")
            #expect(try await handle.result() == 5)
            #expect(looks.value == 5)
            #expect(runs.value >= 5, "each round ended the run")
            #expect(
                try await database.journal(of: "a") == [
                    "|0|0|ready", "|0|32767|ready", "|1|0|sleep", "|1|1|sleep",
                ]
            )
        }
    }

    @Test func `a poll ends without a value when its time is over, and looks once in any case`() async throws {
        let looks = Counter()
        let program = Plain<[Int?]> { _, workflow in
            let never = try await workflow.poll(
                "never",
                every: .constant(.seconds(20)),
                within: .seconds(100),
                { _ in looks.next() },
                until: { _ in false }
            )
            let once = try await workflow.poll(
                "once",
                every: .constant(.seconds(60)),
                within: .zero,
                { _ in 7 },
                until: { _ in true }
            )
            return [never, once]
        }
        // Time that is skipped: on a busy machine the first look may take as long as a short poll may.
        try await withTestEngine([program], clock: .skipping) { test in
            let values = try await test.run(Plain<[Int?]>.self)
            #expect(values == [nil, 7])
        }
        #expect(looks.value >= 2)
    }

    @Test func `a look that throws is a failed attempt, and the last one is thrown`() async throws {
        let program = Plain<Int> { _, workflow in
            try await workflow.poll(
                "ready",
                every: .constant(.seconds(60)),
                retry: .immediately(attempts: 3),
                { step -> Int in throw CardRefused(reason: "\(step.attempt)") },
                until: { _ in true }
            )
        }
        try await withEngine([program]) { engine, database in
            let handle = try await engine.start(Plain<Int>.self, id: "a")
            let error = await #expect(throws: CardRefused.self) { try await handle.result() }
            #expect(error?.reason == "3")
            #expect(
                try await database.journal(of: "a") == ["|0|0|ready", "|0|1|ready", "|0|2|ready", "|0|32767|ready"]
            )
        }
    }

    @Test func `an interval that makes no sense is refused`() async throws {
        let program = Plain<[String]> { _, workflow in
            var words: [String] = []
            for interval in [PollInterval.constant(.zero), .exponential(factor: 0.5)] {
                do {
                    _ = try await workflow.poll("x", every: interval, { _ in 1 }, until: { _ in true })
                } catch let error as DurableError {
                    words.append(error.message)
                }
            }
            return words
        }
        try await withEngine([program]) { engine, database in
            let words = try await engine.start(Plain<[String]>.self, id: "a").result()
            #expect(
                words.first?.hasPrefix("a poll looks at least every 100 years, and at most every millisecond") == true
            )
            #expect(words.last == "the factor of a poll is 0.5; it must be at least 1")
            #expect(try await database.journal(of: "a").isEmpty)
        }
    }

    @Test(arguments: [
        (PollInterval.constant(.seconds(10)), [10, 20, 30, 40]),
        (PollInterval.exponential(first: .seconds(1), factor: 2, cap: .seconds(4)), [1, 3, 7, 11, 15]),
    ])
    func `the times of a poll are counted from its first look`(interval: PollInterval, times: [Int64]) {
        var now: Int64 = 5_000_000
        for time in times {
            // However late within the round.
            for late in [Int64(0), 1, 999_999] where now + late < (5 + time) * 1_000_000 {
                #expect(interval.next(after: now + late, start: 5_000_000) == (5 + time) * 1_000_000)
            }
            now = (5 + time) * 1_000_000
        }
    }

    @Test func `a workflow begins anew with its journal cut, under its id`() async throws {
        let seen = Recorder<String>()
        let program = Program<Int, String> { round, workflow in
            let key = try await workflow.step("bill") { step in step.idempotencyKey }
            seen.record("\(round) \(key) \(workflow.uuid())")
            guard round < 4 else { return "done after \(round)" }
            do {
                try await workflow.continueAsNew(Program<Int, String>.self, round + 1)
            } catch {
                // Catching it changes nothing.
                return "caught"
            }
        }
        try await withEngine([program]) { engine, database in
            let handle = try await engine.start(Program<Int, String>.self, 1, id: "a")
            #expect(try await handle.result() == "done after 4")
            // Whoever is replayed sees the same again.
            let keys = seen.all.map { $0.split(separator: " ")[1] }.reduce(into: [Substring]()) { keys, key in
                if keys.last != key { keys.append(key) }
            }
            #expect(keys == ["a/0", "a//1/0", "a//2/0", "a//3/0"])
            #expect(Set(seen.all.map { $0.split(separator: " ")[2] }).count == 4, "other random numbers each time")
            #expect(try await database.journal(of: "a") == ["|-3|0|continuation", "|0|0|bill"])
            #expect(try await database.text("SELECT input::text FROM durable.workflow") == "1")
        }
    }

    @Test func `what is appended to a stream is kept when the workflow begins anew at the same places`() async throws {
        let program = Program<Int, Int> { round, workflow in
            try await workflow.step("say") { step in
                let words = step.stream("words")
                try words.append("round \(round)")
                try words.append("again \(round)")
            }
            if round == 3 { return round }
            try await workflow.continueAsNew(Program<Int, Int>.self, round + 1)
        }
        try await withEngine([program]) { engine, _ in
            #expect(try await engine.start(Program<Int, Int>.self, 1, id: "a").result() == 3)
            var words: [String] = []
            for try await element in try await engine.stream(String.self, "words", of: "a") {
                words.append(element.value)
            }
            #expect(words == (1...3).flatMap { ["round \($0)", "again \($0)"] })
        }
    }

    @Test func `a workflow that begins anew for ever is cancelled`() async throws {
        let rounds = Counter()
        let program = Program<Int, Nothing> { round, workflow in
            try await workflow.step("work") { _ in _ = rounds.next() }
            try await workflow.continueAsNew(Program<Int, Nothing>.self, round + 1)
        }
        try await withEngine([program]) { engine, database in
            let handle = try await engine.start(Program<Int, Nothing>.self, 0, id: "a")
            try await eventually("it goes round") { rounds.value > 5 }
            try await handle.cancel(reason: "enough")
            let error = await #expect(throws: DurableError.self) { try await handle.result() }
            #expect(error?.message == "the workflow was cancelled: enough")
            #expect(try await database.journal(of: "a").count <= 3)
        }
    }

    @Test func `a workflow cannot continue as another one, nor from a branch`() async throws {
        let program = Plain<[String]> { _, workflow in
            var words: [String] = []
            do { try await workflow.continueAsNew(Other.self, Nothing()) } catch let error as DurableError {
                words.append(error.message)
            }
            let inner = try await workflow.map([1]) { _, branch -> String in
                do {
                    try await branch.continueAsNew(Plain<[String]>.self, Nothing())
                } catch let error as DurableError {
                    return error.message
                }
            }
            return words + inner
        }
        try await withEngine([program]) { engine, database in
            let handle = try await engine.start(Plain<[String]>.self, id: "a")
            #expect(
                try await handle.result() == [
                    "a workflow program cannot continue as other: start that as a child",
                    "a workflow cannot begin anew from within a branch: its other branches would be lost. Let the group end first",
                ]
            )
            #expect(try await database.journal(of: "a") == ["|0|0|map"])
        }
    }

    @Test func `a process that goes does not break the chain`() async throws {
        let (reached, gate) = (Gate(), Gate())
        let program = Program<Int, Int> { round, workflow in
            try await workflow.step("work") { _ in
                if round == 3 {
                    reached.open()
                    try await gate.wait()
                }
            }
            guard round < 5 else { return round }
            try await workflow.continueAsNew(Program<Int, Int>.self, round + 1)
        }
        try await withDatabase { database in
            try await database.withEngine([program]) { engine in
                try await engine.start(Program<Int, Int>.self, 1, id: "a")
                try await reached.wait()
            }
            gate.open()
            try await database.withEngine([program]) { engine in
                let handle = try await engine.handle(Program<Int, Int>.self, id: "a")
                #expect(try await handle.result() == 5)
            }
        }
    }

    private static let berlin = TimeZone(identifier: "Europe/Berlin") ?? .gmt

    private static func date(_ text: String) throws -> Date { try Date(text, strategy: .iso8601) }

    @Test(arguments: [
        (CalendarTime.next(.monday, at: 9, in: berlin), "2026-11-22T20:00:00Z", "2026-11-23T08:00:00Z"),
        // Already nine: the next one is a week later.
        (.next(.monday, at: 9, in: berlin), "2026-11-23T08:00:00Z", "2026-11-30T08:00:00Z"),
        (.daily(at: 9, 30, in: berlin), "2026-06-01T07:29:00Z", "2026-06-01T07:30:00Z"),
        (.monthly(day: 1, at: 0, in: berlin), "2026-12-15T00:00:00Z", "2026-12-31T23:00:00Z"),
        // The hour that summer time skips.
        (.daily(at: 2, 30, in: berlin), "2026-03-28T12:00:00Z", "2026-03-29T01:00:00Z"),
    ])
    func `the next time of the calendar is found in its zone`(time: CalendarTime, now: String, expected: String) throws
    {
        #expect(try time.date(after: Self.date(now)) == Self.date(expected))
    }

    @Test func `a sleep until a time of the calendar is recorded once`() async throws {
        let program = Plain<Nothing> { _, workflow in
            try await workflow.sleep(until: .daily(at: 4, in: .gmt))
            return Nothing()
        }
        try await withEngine([program], .replaying) { engine, database in
            _ = try await engine.start(Plain<Nothing>.self, id: "a")
            try await database.waitFor(.waiting, of: "a")
            #expect(
                try await database.text(
                    "SELECT (run_at AT TIME ZONE 'UTC')::time::text FROM durable.live WHERE run_at - now() < '24 h'"
                ) == "04:00:00"
            )
        }
    }

    @Test(arguments: [
        (CalendarTime.daily(at: 24, in: .gmt), "no day has the time 24:0: hours go from 0 to 23, minutes from 0 to 59"),
        (CalendarTime.monthly(day: 31, at: 9, in: .gmt), "not every month has a day 31: choose one from 1 to 28"),
    ])
    func `a time that no day has is refused`(time: CalendarTime, words: String) async throws {
        let program = Plain<String> { _, workflow in
            do { try await workflow.sleep(until: time) } catch let error as DurableError { return error.message }
            return ""
        }
        try await withEngine([program]) { engine, database in
            let handle = try await engine.start(Plain<String>.self, id: "a")
            #expect(try await handle.result() == words)
            #expect(try await database.journal(of: "a").isEmpty)
        }
    }
}

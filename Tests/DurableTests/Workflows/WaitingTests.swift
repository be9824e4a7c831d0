// SPDX-License-Identifier: Apache-2.0

import DurableTesting
import Foundation
import Testing

@testable import Durable

@Suite struct WaitingTests {
    @Test(.notReplayed("it shows that nothing is replayed"))
    func `a short sleep stays in memory`() async throws {
        let runs = Counter()
        let program = Plain { _, workflow in
            runs.next()
            try await workflow.sleep(for: .milliseconds(40))
            return Nothing()
        }
        try await withEngine([program]) { engine, database in
            try await engine.start(Plain<Nothing>.self, id: "a").result()
            #expect(runs.value == 1)
            #expect(try await database.journal(of: "a") == ["|0|0|sleep", "|0|1|sleep"])
            let early = try await database.text(
                """
                SELECT count(*)::text FROM durable.journal AS e JOIN durable.journal AS n USING (workflow_id, scope, position)
                WHERE e.phase = 0 AND n.phase = 1 AND (e.at < n.due OR n.due - n.at <> interval '40 ms')
                """
            )
            #expect(early == "0")
        }
    }

    @Test func `a long sleep leaves memory, says when it goes on, and goes on then`() async throws {
        let runs = Counter()
        let program = Plain { _, workflow in
            runs.next()
            let before = try await workflow.step("before") { _ in "before" }
            try await workflow.sleep(for: .milliseconds(600))
            return before + " after"
        }
        try await withEngine([program], .replaying) { engine, database in
            let handle = try await engine.start(Plain<String>.self, id: "a")
            try await database.waitFor(.waiting, of: "a")
            let row = try await database.text(
                """
                SELECT concat_ws(' ', l.executor IS NULL, l.run IS NULL, l.run_at = j.due, l.waiting_for)
                FROM durable.live AS l JOIN durable.journal AS j USING (workflow_id) WHERE j.kind = 3
                """
            )
            #expect(row == "t t t sleep")
            let status = try await handle.status()
            #expect(status.state == .waiting)
            #expect(status.waitingFor == "sleep")
            #expect(status.wakesAt != nil)
            #expect(try await handle.result(within: .milliseconds(1)) == nil)
            #expect(try await handle.result() == "before after")
            #expect(runs.value >= 2)
            let early = try await database.text(
                "SELECT count(*)::text FROM durable.journal WHERE phase = 0 AND at < due"
            )
            #expect(early == "0")
        }
    }

    @Test func `a time that is past is over at once`() async throws {
        let program = Plain { _, workflow in
            let start = workflow.now
            try await workflow.sleep(until: Date(timeIntervalSince1970: 1))
            try await workflow.sleep(until: start)
            try await workflow.sleep(for: .zero)
            return workflow.now >= start
        }
        try await withEngine([program], .replaying) { engine, _ in
            let isLater = try await engine.start(Plain<Bool>.self, id: "a").result()
            #expect(isLater)
        }
    }

    @Test(
        arguments: [
            (Duration.seconds(-1), "The duration of the sleep is negative (-1.0 seconds)."),
            (.seconds(Int64.max), "The duration of the sleep is more than 100 years"),
        ]
    )
    func `a duration that makes no sense is refused in words, and nothing is recorded`(
        duration: Duration,
        words: String
    )
        async throws
    {
        let program = Plain { _, workflow in
            try await workflow.sleep(for: duration)
            return Nothing()
        }
        try await withEngine([program]) { engine, database in
            let handle = try await engine.start(Plain<Nothing>.self, id: "a")
            let error = try #require(await failure { try await handle.result() } as? DurableError)
            #expect(error.message.contains(words))
            #expect((error.underlying as? StepFailure)?.code == "invalidArgument")
            #expect(try await database.journal(of: "a").isEmpty)
        }
    }

    @Test(arguments: [Date.distantFuture, Date(timeIntervalSinceReferenceDate: .infinity)])
    func `a date that makes no sense is refused in words`(date: Date) async throws {
        let program = Plain { _, workflow in
            try await workflow.sleep(until: date)
            return Nothing()
        }
        try await withEngine([program]) { engine, _ in
            let handle = try await engine.start(Plain<Nothing>.self, id: "a")
            let error = try #require(await failure { try await handle.result() } as? DurableError)
            #expect(error.message.contains("The date of the sleep is "))
        }
    }

    @Test func `now, uuid and random are the same on every replay`() async throws {
        let seen = Recorder<String>()
        let program = Plain { _, workflow in
            var line: [String] = []
            func note() {
                line.append("\(workflow.now.timeIntervalSince1970) \(workflow.uuid()) ")
                line.append("\(Int.random(in: 0...1_000_000, using: &workflow.random))")
            }
            note()
            try await workflow.step("one") { _ in 1 }
            note()
            let inner = try await workflow.scope("inner") { scope in
                try await scope.step("two") { _ in 2 }
                return "\(scope.now.timeIntervalSince1970) \(scope.uuid())"
            }
            line.append(inner)
            let branches = try await workflow.map([1, 2]) { element, branch in
                try await branch.step("three") { _ in element }
                return "\(branch.uuid()) \(Int.random(in: 0...1_000_000, using: &branch.random))"
            }
            line += branches
            note()
            seen.record(line.joined(separator: "; "))
            try await workflow.sleep(for: .milliseconds(30))
            #expect(Set(line).count == line.count, "every draw is another one")
            return Nothing()
        }
        try await withEngine([program], .replaying) { engine, _ in
            try await engine.start(Plain<Nothing>.self, id: "a").result()
            try await engine.start(Plain<Nothing>.self, id: "b").result()
        }
        #expect(seen.all.count >= 4)
        #expect(Set(seen.all).count == 2, "two workflows, two runs each at least: \(seen.all)")
    }

    @Test func `the time of a workflow is that of its last checkpoint, by the database's clock`() async throws {
        let program = Plain { _, workflow in
            var times = [workflow.now]
            try await workflow.step("one") { _ in 1 }
            times.append(workflow.now)
            try await workflow.sleep(for: .milliseconds(50))
            times.append(workflow.now)
            return times
        }
        try await withEngine([program], .replaying) { engine, database in
            let times = try await engine.start(Plain<[Date]>.self, id: "a").result()
            #expect(times[0] < times[1])
            #expect(times[2].timeIntervalSince(times[1]) >= 0.0499)
            let recorded = try await database.text(
                "SELECT extract(epoch FROM at)::numeric(20, 3)::text FROM durable.journal WHERE name = 'one'"
            )
            #expect(abs((Double(recorded) ?? 0) - times[1].timeIntervalSince1970) < 0.002)
        }
    }
}

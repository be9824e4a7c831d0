// SPDX-License-Identifier: Apache-2.0

import DurableTesting
import Testing

@testable import Durable

@Suite struct RetryTests {
    /// Runs one step that always fails, and tells after which attempts it gave up, and with what.
    private func attempts(
        _ retry: RetryPolicy?,
        _ options: EngineOptions = .test,
        throwing error: @escaping @Sendable (Int) -> any Error = { _ in Outage() }
    ) async throws -> (count: Int, failure: StepFailure?, rows: [String]) {
        let count = Counter()
        let program = Plain<StepFailure?> { _, workflow in
            do {
                try await workflow.step("flaky", retry: retry) { step in throw error(count.next()) }
            } catch let failure as StepFailure {
                return failure
            }
            return nil
        }
        return try await withEngine([program], options) { engine, database in
            let failure = try await engine.start(Plain<StepFailure?>.self, id: "a").result()
            let rows = try await database.rows(
                "SELECT concat_ws(' ', phase, attempt, error->>'message') FROM durable.journal ORDER BY phase"
            )
            return (count.value, failure, rows)
        }
    }

    @Test func `a step that never retries fails with its first attempt`() async throws {
        let (count, failure, rows) = try await self.attempts(.never)
        #expect(count == 1)
        #expect(failure?.message == "the line is dead")
        #expect(failure?.attempt == 1)
        #expect(rows == ["0 1 the line is dead"])
    }

    @Test func `every failed attempt is recorded before the next, and the last is the result`() async throws {
        let (count, failure, rows) = try await self.attempts(.immediately(attempts: 3)) {
            Outage(description: "no \($0)")
        }
        #expect(count == 3)
        #expect(failure == StepFailure(type: "DurableTests.Outage", message: "no 3", attempt: 3))
        #expect(rows == ["0 3 no 3", "1 1 no 1", "2 2 no 2"])
    }

    @Test func `the engine's policy holds where a step names none`() async throws {
        let options = EngineOptions.test.with { $0.retry = .immediately(attempts: 2) }
        #expect(try await self.attempts(nil, options).count == 2)
    }

    @Test func `the delays of an exponential policy are recorded as times`() async throws {
        let retry = RetryPolicy.exponential(attempts: 3, first: .milliseconds(40), factor: 2, jitter: .none)
        let program = Plain { _, workflow in
            try await workflow.step("flaky", retry: retry) { step in
                if step.attempt < 3 { throw Outage() }
                return step.attempt
            }
        }
        try await withEngine([program]) { engine, database in
            #expect(try await engine.start(Plain<Int>.self, id: "a").result() == 3)
            let delays = try await database.rows(
                """
                SELECT (extract(epoch FROM due - at) * 1000)::int::text FROM durable.journal WHERE phase > 0 ORDER BY phase
                """
            )
            #expect(delays == ["40", "80"])
            let early = try await database.text(
                """
                SELECT count(*)::text FROM durable.journal AS n JOIN durable.journal AS r
                    ON r.phase = CASE n.phase WHEN 2 THEN 0 ELSE n.phase + 1 END
                WHERE n.phase > 0 AND r.at < n.due
                """
            )
            #expect(early == "0", "no attempt began before it was due")
        }
    }

    @Test(.notReplayed("it counts how often the workflow parks"))
    func `a long back-off parks the workflow, and the attempts are counted on`() async throws {
        let retry = RetryPolicy.constant(attempts: 5, delay: .milliseconds(60))
        let program = Plain { _, workflow in
            try await workflow.step("flaky", retry: retry) { step in
                if step.attempt < 3 { throw Outage() }
                return "\(step.attempt) \(step.previousError?.message ?? "-")"
            }
        }
        let logs = Recorder<String>()
        try await withEngine([program], .replaying, logs: logs) { engine, database in
            let handle = try await engine.start(Plain<String>.self, id: "a")
            try await database.waitFor(.waiting, of: "a")
            #expect(try await handle.result() == "3 the line is dead")
        }
        #expect(logs.all.filter { $0.contains("run.interrupted") && $0.contains("parked") }.count >= 2)
    }

    @Test func `an error that knows when to come back is followed`() async throws {
        let program = Plain { _, workflow in
            try await workflow.step("limited", retry: .immediately(attempts: 2)) { step in
                if step.attempt == 1 { throw RetryAfter(.milliseconds(70), Outage()) }
                return step.previousError?.type
            }
        }
        try await withEngine([program]) { engine, database in
            #expect(try await engine.start(Plain<String?>.self, id: "a").result() == "DurableTests.Outage")
            let delay = try await database.text(
                "SELECT (extract(epoch FROM due - at) * 1000)::int::text FROM durable.journal WHERE phase = 1"
            )
            #expect(delay == "70")
        }
    }

    @Test func `an error that no attempt can mend ends the step at once, as the error that it is`() async throws {
        let (count, failure, rows) = try await self.attempts(.immediately(attempts: 9)) { _ in NonRetryable(Outage()) }
        #expect(count == 1)
        #expect(failure?.type == "DurableTests.Outage")
        #expect(rows.count == 1)
    }

    @Test func `a policy decides error by error`() async throws {
        var retry = RetryPolicy.immediately(attempts: 9)
        retry.decide = { error, attempt in error is CancellationError || attempt == 4 ? .stop : .byPolicy }
        let (count, failure, _) = try await self.attempts(retry)
        #expect(count == 4)
        #expect(failure?.attempt == 4)
    }

    @Test func `a policy pauses the workflow when its attempts are used up, and each resume is one attempt more`()
        async throws
    {
        let count = Counter()
        let program = Plain<Int> { _, workflow in
            try await workflow.step("before") { _ in count.next() }
            return try await workflow.step("flaky", retry: .immediately(attempts: 2).pausingWhenExhausted()) { step in
                if step.attempt < 4 { throw Outage(description: "secret") }
                return step.attempt
            }
        }
        try await withEngine([program], .replaying) { engine, database in
            let operations = try await engine.operations
            let handle = try await engine.start(Plain<Int>.self, id: "a")
            for attempts in 2...3 {
                try await database.waitFor(.paused, of: "a")
                let status = try await handle.status()
                #expect(status.reason == .retriesExhausted)
                #expect(status.error?.code == "retriesExhausted")
                #expect(
                    status.error?.message.contains(
                        "step flaky has used up its attempts: attempt \(attempts) failed with DurableTests.Outage."
                    ) == true,
                    "\(String(describing: status.error))"
                )
                #expect(status.error?.message.contains("secret") == false)
                #expect(try await operations.attention().map(\.kind) == ["paused"])
                try await operations.resume("a", reason: "the line is mended")
            }
            #expect(try await handle.result() == 4)
            #expect(count.value == 1, "what was recorded before is not run again")
        }
    }

    @Test func `a policy that makes no sense is refused in words, before the step runs`() async throws {
        let count = Counter()
        let program = Plain { _, workflow in
            try await workflow.step("flaky", retry: .exponential(attempts: 0)) { _ in count.next() }
        }
        try await withEngine([program]) { engine, database in
            let handle = try await engine.start(Plain<Int>.self, id: "a")
            let error = try #require(await failure { try await handle.result() } as? DurableError)
            #expect(error.message.contains("A retry policy needs at least one attempt; it has 0"))
            #expect(count.value == 0)
            #expect(try await database.journal(of: "a").isEmpty)
        }
    }

    @Test func `a step may fail more often than the journal can number`() async throws {
        let seen = Recorder<Int>()
        let held = Gate()
        let program = Plain { _, workflow in
            try await workflow.step("patient", retry: .immediately(attempts: .max)) { step in
                seen.record(step.attempt)
                if seen.all.count == 1 { try await held.wait() }
                if seen.all.count < 5 { throw Outage() }
                return step.attempt
            }
        }
        try await withDatabase { database in
            try await database.withEngine([program]) { engine in
                _ = try await engine.start(Plain<Int>.self, id: "a")
                try await eventually("the step runs") { !seen.all.isEmpty }
            }
            try await database.execute(
                """
                INSERT INTO durable.journal (workflow_id, scope, position, phase, kind, attempt, executor, run, at, name, error)
                VALUES ('a', '', 0, 32767, 1, 32767, 1, 1, now(), 'patient', '{"message":"no","type":"Outage"}')
                """
            )
            let last = try await database.withEngine([program]) { engine in
                try await engine.handle(Plain<Int>.self, id: "a").result(within: .seconds(60))
            }
            #expect(last != nil, "it goes on beyond attempt 32,767: \(seen.all)")
        }
    }
}

/// What a call throws, or nil.
func failure<R>(_ body: () async throws -> R) async -> (any Error)? {
    do {
        _ = try await body()
        return nil
    } catch {
        return error
    }
}

// SPDX-License-Identifier: Apache-2.0

import DurableTesting
import Libpq
import Testing

@testable import Durable

/// Each way to stand still has a sentence of its own, and its facts apart.
@Suite struct WhyTests {
    private static let moment = "[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9:]{8} UTC"

    /// The sentence matches the whole pattern, in which T stands for a time; and these facts are among those that are told.
    private static func expect(
        _ database: TestDatabase,
        _ id: String,
        _ pattern: String,
        _ facts: [String: String?] = [:],
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        let sentence = try await database.text("SELECT sentence FROM durable.why($1)", id)
        let regex = try Regex(pattern.replacing("<T>", with: Self.moment))
        #expect(sentence.wholeMatch(of: regex) != nil, "\(sentence)", sourceLocation: sourceLocation)
        for (key, value) in facts {
            let fact = try await database.text("SELECT facts ->> $2::text FROM durable.why($1)", id, key)
            // Nil: whatever it is.
            if let value { #expect(fact == value, "\(key)", sourceLocation: sourceLocation) }
            #expect(!fact.isEmpty, "\(key)", sourceLocation: sourceLocation)
        }
    }

    @Test func `it sleeps, it waits since and until, and something that comes in names no end`() async throws {
        let program = Program<Int, Int> { input, workflow in
            try await workflow.step("ask") { _ in }
            switch input {
            case 0: try await workflow.sleep(for: .seconds(86_400))
            case 1: _ = try await workflow.receive(Int.self, "approval", within: .seconds(86_400))
            default: _ = try await workflow.receive(Int.self, "approval")
            }
            return input
        }
        try await withEngine([program], .replaying) { engine, database in
            for input in 0...2 {
                _ = try await engine.start(Program<Int, Int>.self, input, id: "w\(input)")
                try await database.waitFor(.waiting, of: "w\(input)")
            }
            let since = ["state": "waiting", "waiting_since": nil as String?]
            try await Self.expect(database, "w0", "It sleeps until <T>[.]", ["wakes_at": nil])
            try await Self.expect(
                database,
                "w1",
                "It waits for signal approval since <T>, until <T> at the latest[.]",
                since.merging(["waiting_for": "signal approval", "wakes_at": nil]) { $1 }
            )
            try await Self.expect(database, "w2", "It waits for signal approval since <T>[.]", since)
        }
    }

    @Test
    func `an attempt that failed names its number, its error and the time of the next; a running step its process`()
        async throws
    {
        let reached = Gate()
        let program = Program<Int, Int> { input, workflow in
            let retry = RetryPolicy.constant(attempts: 5, delay: input == 1 ? .seconds(3_600) : .zero)
            try await workflow.step("charge", retry: retry) { step in
                if input == 1 || step.attempt < 3 { throw Outage() }
                reached.open()
                try await Gate().wait()
            }
            return input
        }
        let options = EngineOptions.replaying.with {
            $0.name = "till-7"
            $0.lease = .seconds(9)
        }
        try await withEngine([program], options) { engine, database in
            for input in 1...2 { _ = try await engine.start(Program<Int, Int>.self, input, id: "w\(input)") }
            try await database.waitFor(.waiting, of: "w1")
            try await Self.expect(
                database,
                "w1",
                "Attempt 1 of step charge failed with DurableTests[.]Outage: the line is dead; the next is due at <T>[.]",
                ["step": "charge", "attempt": "1", "step_error_type": "DurableTests.Outage", "next_attempt_at": nil]
            )
            try await reached.wait()
            // Steps that last are listed with a renewal of the lease.
            try await eventually("the step is listed") {
                try await database.text("SELECT count(*)::text FROM durable.activity") == "1"
            }
            try await Self.expect(
                database,
                "w2",
                "Process till-7 has been running attempt 3 of step charge since <T>[.]",
                ["executor": "till-7", "executor_state": "alive", "step": "charge", "attempt": "3", "step_since": nil]
            )
            // What it is at now is not listed yet, or is nothing that lasts.
            try await database.execute("DELETE FROM durable.activity")
            try await database.execute("DELETE FROM durable.journal WHERE workflow_id = 'w2' AND phase > 0")
            try await Self.expect(
                database,
                "w2",
                "Process till-7 \\(.+, pid [0-9]+\\) runs it; that process was last seen <T>[.]",
                ["executor_seen": nil, "executor_number": nil]
            )
        }
    }

    @Test func `who has diverged says where, what the code does there and what is recorded`() async throws {
        func program(_ name: String) -> Plain<Nothing> {
            Plain { _, workflow in
                try await workflow.step("reserve") { _ in }
                try await workflow.step(name) { _ in }
                try await workflow.sleep(for: .seconds(86_400))
                return Nothing()
            }
        }
        try await withDatabase { database in
            try await database.withEngine([program("charge")], .replaying) { engine in
                _ = try await engine.start(Plain<Nothing>.self, id: "a")
                try await database.waitFor(.waiting, of: "a")
            }
            try await database.execute("UPDATE durable.live SET run_at = '2001-01-01'")
            try await database.withEngine([program("pay")], .replaying) { engine in
                try await database.waitFor(.paused, of: "a")
            }
            try await Self.expect(
                database,
                "a",
                """
                It is paused \\(diverged\\): the code calls step "pay" at position 1, where the history has step "charge": .* \
                guard the change with `patched`, then resume it.*[.]
                """,
                [
                    "reason": "diverged", "diverged_at": "position 1", "code_calls": "step pay",
                    "history_has": "step charge",
                ]
            )
        }
    }

    @Test func `who is paused by a person names that person, and every other reason says what to do`() async throws {
        try await withTestDatabase { database in
            for reason in ["undecodable", "crash_loop", "undo_failed", "retries_exhausted"] {
                try await database.waiting(reason)
                try await database.execute(
                    """
                    UPDATE durable.live SET state = 'paused', run_at = 'infinity', reason = '\(reason)',
                        error = '{"type": "E", "message": "so it is"}' WHERE workflow_id = '\(reason)'
                    """
                )
                let advice = reason == "undecodable" ? "Deploy code that can read what is recorded" : "Mend the cause"
                try await Self.expect(
                    database,
                    reason,
                    "It is paused \\(\(reason)\\): so it is[.] \(advice), then resume it[.]",
                    ["reason": reason, "error": "so it is"]
                )
            }
            try await database.waiting("held")
            try await database.execute("SELECT durable.pause('held', 'the till is closed.')")
            try await database.execute("SELECT * FROM durable.route_requests(0)")
            let person = try await database.text("SELECT session_user")
            try await Self.expect(
                database,
                "held",
                "It is paused \\(operator\\) by \(person) since <T>: the till is closed[.] Resume it when it may go on[.]",
                ["reason": "operator", "paused_by": person, "paused_since": nil]
            )
        }
    }

    @Test func `whose process is dead or unknown to nobody else says so, and so does what nobody offers`() async throws
    {
        try await withTestDatabase { database in
            for statement in [
                """
                INSERT INTO durable.executor (id, name, host, pid, workflows)
                VALUES (gen_random_uuid(), 'till-7', 'h', 12, '[{"name": "program", "versions": [1, 4]}]'),
                       (gen_random_uuid(), 'till-8', 'h', 13, '[{"name": "program", "versions": [2, 3]}]')
                """,
                "INSERT INTO durable.workflow (id, name) VALUES ('d', 'program'), ('n', 'program'), ('x', 'absent')",
                """
                INSERT INTO durable.live (workflow_id, name, state, executor, epoch, run)
                SELECT 'd', 'program', 'running', number, 1, 1 FROM durable.executor WHERE name = 'till-7'
                """,
                """
                INSERT INTO durable.live (workflow_id, name, state)
                SELECT id, name, 'queued' FROM durable.workflow WHERE id <> 'd'
                """,
                """
                INSERT INTO durable.lease (executor, expires_at, renewed_at, period)
                SELECT number, now() + CASE name WHEN 'till-7' THEN interval '-1 hour' ELSE '1 hour' END, now() - interval '2 hours',
                    '1 ms'
                FROM durable.executor
                """,
            ] { try await database.execute(statement) }
            try await Self.expect(
                database,
                "d",
                "Its process till-7 \\(h, pid 12\\) is dead, last seen <T>: another one takes it over at its next sweep[.]",
                ["executor": "till-7", "executor_state": "dead", "executor_seen": nil]
            )
            try await Self.expect(
                database,
                "n",
                "No live process offers workflow program in version 1; offered: 2, 3[.]",
                ["offered_versions": "[2, 3]"]
            )
            let offers = try await database.rows(
                "SELECT durable.is_offered('program', v)::text FROM generate_series(1, 4) AS v"
            )
            #expect(offers == ["false", "true", "true", "false"], "who is dead offers nothing")
            try await Self.expect(
                database,
                "x",
                "No live process offers workflow absent in version 1[.]",
                ["offered_versions": "[]"]
            )
        }
    }

    @Test func `what is to start later, is due behind others, or is of a type that is held back`() async throws {
        try await withTestDatabase { database in
            for statement in [
                "SELECT durable.enqueue('program', id => 'later', delay => '1 day')",
                "SELECT durable.enqueue('program', id => 'first')", "SELECT durable.enqueue('program', id => 'second')",
                """
                INSERT INTO durable.executor (id, name, host, pid, workflows)
                VALUES (gen_random_uuid(), 'till-7', 'h', 12, '[{"name": "program", "versions": [1]}]')
                """,
                """
                INSERT INTO durable.lease (executor, expires_at, period)
                SELECT number, now() + interval '1 hour', '15 s' FROM durable.executor
                """,
            ] { try await database.execute(statement) }
            try await Self.expect(database, "later", "It is to start at <T>[.]")
            try await Self.expect(
                database,
                "second",
                "It has been queued in default since <T>, behind 1 of its kind; a process takes it at its next look[.]",
                ["ahead": "1", "queue": "default"]
            )
            let first = "as the first of its kind"
            let due = "It has been queued in default since <T>, \(first); a process takes it at its next look[.]"
            let held = "It is queued in default, \(first): the queue lets nothing start, since its limit is 0[.]"
            for (limits, words) in [("1", due), ("NULL, 1", due), ("0", held)] {
                try await database.execute("SELECT durable.set_queue('default', \(limits))")
                try await Self.expect(database, "first", words, ["ahead": "0"])
            }
            try await database.execute("SELECT durable.pause_name('program', 'bad deploy.')")
            let person = try await database.text("SELECT session_user")
            try await Self.expect(
                database,
                "first",
                "Workflow type program has been paused by \(person) since <T>: bad deploy[.]",
                ["name_paused_since": nil, "name_paused_because": "bad deploy."]
            )
        }
    }

    @Test func `what has ended says how`() async throws {
        try await withTestDatabase { database in
            for state in ["succeeded", "failed", "cancelled"] { try await database.ended(state, as: state) }
            try await Self.expect(database, "succeeded", "It succeeded at <T>[.]", ["finished_at": nil])
            try await Self.expect(database, "failed", "It failed at <T>: Outage: x[.]", ["error_type": "Outage"])
            try await Self.expect(database, "cancelled", "It was cancelled at <T>[.]", ["state": "cancelled"])
        }
    }
}

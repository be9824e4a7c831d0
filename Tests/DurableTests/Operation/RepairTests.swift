// SPDX-License-Identifier: Apache-2.0

import DurableTesting
import Libpq
import Testing

@testable import Durable

@Suite struct RepairTests {
    /// Two branches, of which the second fails while the card service is down.
    private static func checkout(_ ran: Recorder<String>) -> Plain<Int> {
        let isUp = Counter()
        return Plain { _, workflow in
            try await workflow.step("reserve") { _ in ran.record("reserve") }
            let (label, charge) = try await workflow.parallel(
                { branch in
                    try await branch.step("label") { _ in
                        ran.record("label")
                        return 1
                    }
                },
                { branch in
                    try await branch.step("weigh") { _ in ran.record("weigh") }
                    return try await branch.step("charge", retry: .never) { _ in
                        ran.record("charge")
                        if isUp.next() == 1 { throw Outage() }
                        return 2
                    }
                }
            )
            return label + charge
        }
    }

    @Test func `a failed workflow goes on from the step that it failed of, and repeats nothing that was recorded`()
        async throws
    {
        let ran = Recorder<String>()
        try await withEngine([Self.checkout(ran)]) { engine, database in
            let operations = try await engine.operations
            let handle = try await engine.start(Plain<Int>.self, id: "a")
            await #expect(throws: (any Error).self) { try await handle.result() }
            let taken = try await operations.retry("a", reason: "the card service is back")
            #expect(taken >= 2, "the step's records and the end of the group")
            #expect(try await handle.result() == 3)
            #expect(ran.all.filter { $0 == "charge" }.count == 2)
            for once in ["reserve", "weigh"] { #expect(ran.all.filter { $0 == once }.count == 1) }
            #expect(
                try await database.text("SELECT string_agg(DISTINCT name, ' ' ORDER BY name) FROM durable.superseded")
                    .contains("charge")
            )
            #expect(try await database.text("SELECT status::text FROM durable.superseded_outcome") == "failed")
            #expect(
                try await database.text("SELECT concat_ws('|', action, subject, reason) FROM durable.audit")
                    == "retry|a|the card service is back"
            )
        }
    }

    @Test func `a fork runs from its place on, with another input, and leaves its original alone`() async throws {
        let ran = Recorder<String>()
        let program = Program<Int, Int> { input, workflow in
            let first = try await workflow.step("first") { _ in
                ran.record("first")
                return 10
            }
            return try await workflow.step("second") { _ in
                ran.record("second")
                return first + input
            }
        }
        try await withEngine([program]) { engine, database in
            let operations = try await engine.operations
            #expect(try await engine.start(Program<Int, Int>.self, 1, id: "a").result() == 11)
            try await database.execute("UPDATE durable.workflow SET attributes = '{\"tenant\": \"blue\"}'")
            let before = try await database.journal(of: "a")
            let forked = try await operations.fork("a", at: 1, as: "b", input: 5)
            #expect(forked == "b")
            let attributes = "SELECT attributes ->> 'tenant' FROM durable.workflow WHERE id = 'b'"
            #expect(try await database.text(attributes) == "blue")
            let audit = """
                SELECT concat_ws('|', action, subject, details ->> 'new_id', details ->> 'position') FROM durable.audit
                """
            #expect(try await database.text(audit) == "fork|a|b|1")
            #expect(try await engine.handle(Program<Int, Int>.self, id: "b").result() == 15)
            #expect(ran.all == ["first", "second", "second"])
            #expect(try await database.journal(of: "a") == before)
        }
    }

    @Test func `a rerun begins anew under a new id`() async throws {
        let ran = Counter()
        let program = Program<Int, Int> { input, workflow in
            try await workflow.step("count") { _ in ran.next() }
            return input
        }
        try await withEngine([program]) { engine, _ in
            let operations = try await engine.operations
            #expect(try await engine.start(Program<Int, Int>.self, 7, id: "a").result() == 7)
            let again = try await operations.rerun("a")
            #expect(again != "a")
            #expect(try await engine.handle(Program<Int, Int>.self, id: again).result() == 7)
            #expect(ran.value == 2)
        }
    }

    @Test func `what is killed ends as cancelled, whether it runs or waits`() async throws {
        let reached = Gate()
        let program = Plain<Int> { _, workflow in
            try await workflow.step("hang") { _ in
                reached.open()
                try await Gate().wait()
            }
            return 1
        }
        let sleeper = Program<Int, Int> { _, workflow in
            try await workflow.sleep(for: .seconds(86_400))
            return 1
        }
        try await withEngine([program], .replaying) { engine, database in
            let operations = try await engine.operations
            _ = try await engine.start(Plain<Int>.self, id: "a")
            try await reached.wait()
            try await operations.kill("a", reason: "wrong customer")
            try await eventually("it has ended") {
                try await database.text("SELECT status::text FROM durable.outcome WHERE workflow_id = 'a'")
                    == "cancelled"
            }
            #expect(
                try await operations.why("a").sentence.hasSuffix(": WorkflowKilled: wrong customer.")
            )
        }
        try await withEngine([sleeper], .replaying) { engine, database in
            let operations = try await engine.operations
            _ = try await engine.start(Program<Int, Int>.self, 1, id: "b")
            try await database.waitFor(.waiting, of: "b")
            try await operations.kill("b", reason: "no longer wanted")
            try await eventually("it has ended") {
                try await database.text("SELECT status::text FROM durable.outcome WHERE workflow_id = 'b'")
                    == "cancelled"
            }
        }
    }

    @Test func `a workflow type that is paused is left queued, across restarts, until it is resumed`() async throws {
        let program = Plain<Int> { _, workflow in try await workflow.step("one") { _ in 1 } }
        try await withDatabase { database in
            try await database.withEngine([program]) { engine in
                let operations = try await engine.operations
                try await operations.pauseName("program", reason: "bad deploy")
            }
            try await database.withEngine([program]) { engine in
                let operations = try await engine.operations
                let handle = try await engine.start(Plain<Int>.self, id: "a")
                try await eventually("the engine has looked for work since") {
                    try await operations.why("a").sentence.contains("has been paused by")
                }
                #expect(try await database.text("SELECT state::text FROM durable.live") == "queued")
                #expect(try await operations.resumeName("program"))
                #expect(try await handle.result() == 1)
                #expect(try await operations.resumeName("program") == false)
            }
        }
    }

    // MARK: - Bad input

    @Test func `what cannot be repaired is refused in words, and nothing changes`() async throws {
        let program = Plain<Int> { _, workflow in try await workflow.step("one") { _ in 1 } }
        try await withEngine([program]) { engine, database in
            let operations = try await engine.operations
            #expect(try await engine.start(Plain<Int>.self, id: "done").result() == 1)
            let before = try await database.text(
                "SELECT md5(string_agg(t::text, '' ORDER BY t::text)) FROM (SELECT j::text FROM durable.journal j UNION ALL SELECT o::text FROM durable.outcome o) AS t"
            )
            try await self.expect(.workflowNotFound, "no workflow has the id \"nobody\"") {
                try await operations.retry("nobody")
            }
            try await self.expect(
                .wrongState,
                "workflow \"done\" is succeeded, and only one that has failed can be retried"
            ) {
                try await operations.retry("done")
            }
            try await self.expect(.workflowEnded, "workflow \"done\" has ended (succeeded)") {
                try await operations.pause("done", reason: "x")
            }
            try await self.expect(.wrongState, "workflow \"done\" is succeeded, not paused") {
                try await operations.resume("done")
            }
            try await self.expect(.wrongState, "workflow \"done\" is not paused") {
                try await operations.setStepResult(2, of: "done", at: 0)
            }
            try await self.expect(.invalidArgument, "has recorded nothing at position 4") {
                try await operations.fork("done", at: 5)
            }
            try await self.expect(.wrongState, "the id \"done\" is taken") {
                try await operations.rerun("done", as: "done")
            }
            try await self.expect(.invalidArgument, "the reason is empty") {
                try await operations.pauseName("program", reason: "")
            }
            try await self.expect(.workflowNotFound, "no executor has the number 4711") {
                try await operations.releaseExecutor(4711)
            }
            let hostile = "'; DROP TABLE durable.live; --"
            try await self.expect(.workflowNotFound, "no workflow has the id \"\(hostile)\"") {
                _ = try await operations.why(hostile)
            }
            #expect(
                try await database.text(
                    "SELECT md5(string_agg(t::text, '' ORDER BY t::text)) FROM (SELECT j::text FROM durable.journal j UNION ALL SELECT o::text FROM durable.outcome o) AS t"
                ) == before
            )
            #expect(try await database.text("SELECT count(*)::text FROM durable.audit") == "0")
            #expect(try await database.text("SELECT count(*)::text FROM durable.request") == "0")
        }
    }

    @Test func `what was paused since its processes died of it has all its recoveries again when it is resumed`()
        async throws
    {
        let program = Plain { _, workflow in try await workflow.step("a") { _ in 1 } }
        try await withDatabase { database in
            try await database.execute("SELECT durable.enqueue('program', NULL, 'a')")
            try await database.execute(
                """
                UPDATE durable.live SET state = 'paused', reason = 'crash_loop', run_at = 'infinity', recoveries = 10,
                    begun = true
                """
            )
            try await database.execute("SELECT durable.resume('a', 'the step was mended')")
            let row = "SELECT concat_ws('|', state, reason, recoveries) FROM durable.live"
            #expect(try await database.text(row) == "queued|0")
            try await database.withEngine([program]) { engine in
                let handle = try await engine.handle(Plain<Int>.self, id: "a")
                #expect(try await handle.result() == 1)
            }
        }
    }

    private func expect(
        _ code: DurableError.Code,
        _ words: String,
        sourceLocation: SourceLocation = #_sourceLocation,
        _ body: () async throws -> Void
    ) async throws {
        let error = await #expect(throws: DurableError.self, sourceLocation: sourceLocation) { try await body() }
        #expect(error?.code == code, sourceLocation: sourceLocation)
        #expect(error?.message.contains(words) == true, "\(String(describing: error))", sourceLocation: sourceLocation)
    }
}

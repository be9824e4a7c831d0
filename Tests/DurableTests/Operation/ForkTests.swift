// SPDX-License-Identifier: Apache-2.0

import DurableTesting
import Testing

@testable import Durable

@Suite struct ForkTests {
    @Test func `a fork is given another result of the step at its place, which does not run`() async throws {
        let ran = Recorder<String>()
        let program = Plain<Int> { _, workflow in
            let first = try await workflow.step("first") { _ in
                ran.record("first")
                return 10
            }
            return try await workflow.step("second") { _ in
                ran.record("second")
                return first + 1
            }
        }
        try await withEngine([program]) { engine, database in
            let operations = try await engine.operations
            #expect(try await engine.start(Plain<Int>.self, id: "a").result() == 11)
            try await operations.fork("a", at: 0, as: "b", result: 40, reason: "the meter was wrong")
            #expect(try await engine.handle(Plain<Int>.self, id: "b").result() == 41)
            #expect(ran.all == ["first", "second", "second"])
            #expect(try await engine.handle(Plain<Int>.self, id: "a").result() == 11)
            let audit = try await database.rows(
                "SELECT concat_ws('|', action, reason, details ->> 'given') FROM durable.audit"
            )
            #expect(audit == ["fork|the meter was wrong|first"])
            let error = await #expect(throws: DurableError.self) { try await operations.fork("a", at: 2, result: 1) }
            #expect(error?.code == .invalidArgument)
            #expect(error?.message.contains("nothing at position 2 of scope \"\": there is no step") == true)
        }
    }

    @Test func `what is forked or run anew is in the queue of its original, and keeps to its limits`() async throws {
        try await withTestDatabase { database in
            try await database.execute("SELECT durable.set_queue('letters', 1)")
            try await database.execute("SELECT durable.enqueue('absent', id => 'a', queue => 'letters')")
            try await database.execute("SELECT durable.rerun('a', 'again')")
            try await database.execute("SELECT durable.fork('a', 0, new_id => 'copy')")
            for table in ["live", "workflow"] {
                let queues = try await database.rows("SELECT DISTINCT queue FROM durable.\(table)")
                #expect(queues == ["letters"], "\(table)")
            }
        }
    }
}

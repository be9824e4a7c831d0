// SPDX-License-Identifier: Apache-2.0

import DurableTesting
import Libpq
import Testing

@testable import Durable

@Suite struct AttentionTests {
    @Test func `nothing needs a person when all is well`() async throws {
        let program = Plain<Int> { _, workflow in try await workflow.step("one") { _ in 1 } }
        try await withEngine([program]) { engine, _ in
            let operations = try await engine.operations
            #expect(try await engine.start(Plain<Int>.self).result() == 1)
            #expect(try await operations.attention().isEmpty)
        }
    }

    @Test func `what stands still comes first, each with the statement to type`() async throws {
        let program = Plain<Int> { _, workflow in try await workflow.step("one") { _ in 1 } }
        try await withEngine([program]) { engine, database in
            let operations = try await engine.operations
            try await database.execute(
                """
                INSERT INTO durable.workflow (id, name, version) VALUES ('p', 'program', 1), ('n', 'absent', 3), ('it''s', 'absent', 3);
                """
            )
            try await database.execute(
                """
                INSERT INTO durable.live (workflow_id, name, version, state, run_at, reason, error)
                VALUES ('p', 'program', 1, 'paused', 'infinity', 'diverged', '{"type": "E", "message": "charge is now pay"}'),
                       ('n', 'absent', 3, 'queued', now() - interval '2 minutes', NULL, NULL),
                       ('it''s', 'absent', 3, 'queued', now() - interval '2 minutes', NULL, NULL)
                """
            )
            let items = try await operations.attention()
            #expect(items.map(\.kind) == ["paused", "not offered"])
            #expect(items.first?.what == "diverged: charge is now pay")
            #expect(items.last?.what == "2 workflows absent of version 3 are due, and no live process offers them")
            #expect(items.last?.statement == "SELECT * FROM durable.why('it''s')")
            for item in items { _ = try await database.text(item.statement) }
            #expect(
                try await operations.why("n").sentence == "No live process offers workflow absent in version 3."
            )
            #expect(
                try await operations.why("p").sentence
                    == "It is paused (diverged): E: charge is now pay. Deploy code that matches what is recorded, then resume it."
            )
        }
    }

    @Test func `why tells a sleep, a failed attempt and a running step apart`() async throws {
        let reached = Gate()
        let program = Program<Int, Int> { input, workflow in
            switch input {
            case 0: try await workflow.sleep(for: .seconds(86_400))
            case 1:
                try await workflow.step("charge", retry: .constant(attempts: 5, delay: .seconds(3_600))) { _ in
                    throw Outage()
                }
            default:
                try await workflow.step("pack") { _ in
                    reached.open()
                    try await Gate().wait()
                }
            }
            return input
        }
        try await withEngine([program], .replaying) { engine, database in
            let operations = try await engine.operations
            for input in 0...2 { _ = try await engine.start(Program<Int, Int>.self, input, id: "w\(input)") }
            try await database.waitFor(.waiting, of: "w0")
            try await database.waitFor(.waiting, of: "w1")
            try await reached.wait()
            let sentences = try await [0, 1, 2].asyncMap { try await operations.why("w\($0)").sentence }
            #expect(sentences[0].hasPrefix("It waits for sleep, until "))
            #expect(
                sentences[1].hasPrefix(
                    "Attempt 1 of step charge failed with DurableTests.Outage: the line is dead; the next is due at "
                )
            )
            #expect(sentences[2].hasPrefix("Process "))
            #expect(try await operations.why("w1").facts.contains("\"attempt\": 1"))
        }
    }

    @Test func `errors of one shape are one row`() async throws {
        let program = Program<Int, Int> { input, workflow in
            try await workflow.step("charge", retry: .never) { _ in
                throw Outage(description: "order \(input) of \"c\(input)\" refused")
            }
            return input
        }
        try await withEngine([program]) { engine, database in
            for input in 1...3 {
                let handle = try await engine.start(Program<Int, Int>.self, input)
                await #expect(throws: (any Error).self) { try await handle.result() }
            }
            #expect(
                try await database.rows("SELECT concat_ws('|', name, fingerprint, workflows) FROM durable.errors")
                    == ["program|order # of … refused|3"]
            )
        }
    }
}

extension Array {
    fileprivate func asyncMap<T>(_ transform: (Element) async throws -> T) async throws -> [T] {
        var results: [T] = []
        for element in self { results.append(try await transform(element)) }
        return results
    }
}

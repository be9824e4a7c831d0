// SPDX-License-Identifier: Apache-2.0

import DurableTesting
import Testing

@testable import Durable

/// Waits and payloads that make no sense: the words, and that nothing has changed.
@Suite struct BadWaitTests {
    enum Wait: String, CaseIterable, Sendable { case token, event, update, poll, batch, sequence }

    @Test(arguments: Wait.allCases)
    func `a time below zero is refused, whatever it waits for, and nothing is recorded`(wait: Wait) async throws {
        let program = Program<String, String> { id, workflow in
            do {
                let below = Duration.seconds(-1)
                switch wait {
                case .token: _ = try await workflow.value(of: Token<Int>(id: id, name: "t"), within: below)
                case .event: _ = try await workflow.waitForEvent(Event<Int>("e"), within: below)
                case .update: try await workflow.answer(Update<Int, Int>("u"), within: below) { number, _ in number }
                case .poll:
                    _ = try await workflow.poll(
                        "p",
                        every: .constant(.seconds(1)),
                        within: below,
                        { _ in 1 },
                        until: { _ in true }
                    )
                case .batch: _ = try await workflow.receive(Int.self, "n", upTo: 5, within: below)
                case .sequence: for try await _ in workflow.messages(Int.self, "n", idle: below) {}
                }
            } catch let error as DurableError {
                return "\(error.code): \(error.message)"
            }
            return "it waited"
        }
        try await withEngine([program]) { engine, database in
            let words = try await engine.start(Program<String, String>.self, "token", id: "a").result()
            #expect(words.hasPrefix("invalidArgument: "), "\(words)")
            #expect(words.contains("negative"), "\(words)")
            #expect(try await database.journal(of: "a").isEmpty)
            #expect(try await database.text("SELECT count(*)::text FROM durable.subscription") == "0")
        }
    }

    enum Payload: String, CaseIterable, Sendable { case signal, value, stream, child, children, next }

    @Test(arguments: Payload.allCases)
    func `a payload beyond the limit is refused before anything is written`(payload: Payload) async throws {
        let large = String(repeating: "x", count: 5_000)
        let program = Program<String, String> { _, workflow in
            do {
                switch payload {
                case .signal: try await workflow.signal("ear", "n", large)
                case .value: try await workflow.publish("v", large)
                case .stream: try await workflow.append(large, to: "s")
                case .child: _ = try await workflow.child(Program<String, String>.self, large)
                case .children: _ = try await workflow.children(Program<String, String>.self, ["small", large])
                case .next: try await workflow.continueAsNew(Program<String, String>.self, large)
                }
            } catch let error as DurableError {
                return "\(error.code): \(error.message)"
            }
            return "it was written"
        }
        try await withEngine([program], .test.with { $0.payloadLimit = 1_000 }) { engine, database in
            let words = try await engine.start(Program<String, String>.self, "", id: "a").result()
            #expect(words.contains("1000") || words.contains("1,000"), "\(words)")
            let written = try await database.text(
                """
                SELECT concat_ws(' ', (SELECT count(*) FROM durable.message), (SELECT count(*) FROM durable.published),
                    (SELECT count(*) FROM durable.stream), (SELECT count(*) FROM durable.workflow),
                    (SELECT count(*) FROM durable.journal))
                """
            )
            #expect(written == "0 0 0 1 0", "\(words)")
        }
    }

    @Test func `what completes a token or asks for an update has the same limit, and the workflow still waits`()
        async throws
    {
        let large = String(repeating: "x", count: 5_000)
        let program = Plain<String> { _, workflow in
            let token = try await workflow.token(String.self, "t")
            try await workflow.publish("token", token.id)
            return try await workflow.value(of: token) + (try await workflow.receive(String.self, "n"))
        }
        try await withEngine([program], .test.with { $0.payloadLimit = 1_000 }) { engine, database in
            let handle = try await engine.start(Plain<String>.self, id: "a")
            let token = try #require(
                try await engine.value(PublishedValue<String>("token"), of: "a", within: .seconds(60))
            )
            for attempt in 0..<3 {
                let error = await #expect(throws: DurableError.self) {
                    switch attempt {
                    case 0: try await engine.complete(token: token, with: large)
                    case 1: _ = try await engine.update("a", Update<String, Int>("u"), large, id: "u", within: .zero)
                    default: try await engine.signal("a", "n", large)
                    }
                }
                #expect(error?.message.contains("1000") == true, "\(error?.message ?? "")")
            }
            #expect(try await database.text("SELECT state FROM durable.token") == "pending")
            for table in ["update_request", "message"] {
                #expect(try await database.text("SELECT count(*)::text FROM durable.\(table)") == "0")
            }
            #expect(try await engine.complete(token: token, with: "a"))
            try await engine.signal("a", "n", "b")
            #expect(try await handle.result() == "ab")
        }
    }
}

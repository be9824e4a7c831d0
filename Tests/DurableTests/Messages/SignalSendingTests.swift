// SPDX-License-Identifier: Apache-2.0

import DurableTesting
import Foundation
import Libpq
import Testing

@testable import Durable

@Suite struct SignalSendingTests {
    @Test func `an idempotency key drops duplicates, also after the first was consumed`() async throws {
        let program = Plain { _, workflow in
            var sum = try await workflow.receive(Int.self, "n")
            sum += try await workflow.receive(Int.self, "n")
            return sum
        }
        try await withEngine([program]) { engine, database in
            let handle = try await engine.start(Plain<Int>.self, id: "a")
            #expect(try await engine.signal("a", "n", 1, key: "k"))
            try await eventually("the first is consumed") {
                try await database.text("SELECT count(*)::text FROM durable.message") == "0"
            }
            #expect(try await engine.signal("a", "n", 10, key: "k") == false)
            #expect(try await engine.signal("a", "other", 10, key: "k"), "a key belongs to a name")
            #expect(try await engine.signal("a", "n", 100, key: "l"))
            #expect(try await handle.result() == 101)
        }
    }

    @Test func `an unknown or finished workflow, a bad name and an oversized payload are refused in words`()
        async throws
    {
        let program = Plain { _, _ in 1 }
        try await withEngine([program], .test.with { $0.payloadLimit = 1_000 }) { engine, database in
            try await engine.start(Plain<Int>.self, id: "done").result()
            let cases: [(String, String, String, String?, DurableError.Code, String)] = [
                ("nobody", "n", "x", nil, .workflowNotFound, "no workflow has the id \"nobody\""),
                (
                    "done", "n", "x", nil, .workflowEnded,
                    "workflow \"done\" has ended (succeeded): it takes no signal any more"
                ),
                ("done", "", "x", nil, .invalidArgument, "The signal name is empty."),
                ("", "n", "x", nil, .invalidArgument, "The workflow id is empty."),
                ("done", "n", "x", "", .invalidArgument, "The idempotency key is empty."),
                (
                    "done", "n", String(repeating: "x", count: 1_000), nil, .unencodable,
                    "The payload of signal \"n\" is "
                ),
            ]
            for (id, name, payload, key, code, words) in cases {
                let error = try #require(
                    await failure { try await engine.signal(id, name, payload, key: key) } as? DurableError
                )
                #expect(error.code == code)
                #expect(error.message.contains(words), "\(error.message)")
            }
            let count = try await database.text(
                """
                SELECT ((SELECT count(*) FROM durable.message) + (SELECT count(*) FROM durable.message_key)
                    + (SELECT count(*) FROM durable.inbox))::text
                """
            )
            #expect(count == "0")
        }
    }

    @Test(arguments: [
        (Duration.seconds(-1), "The duration of the receive is negative (-1.0 seconds)."),
        (.seconds(Int64.max), "The duration of the receive is more than 100 years"),
    ])
    func `a time that makes no sense is refused in words, and nothing is recorded`(
        duration: Duration,
        words: String
    ) async throws {
        let program = Plain { _, workflow in try await workflow.receive(Int.self, "n", within: duration) }
        try await withEngine([program]) { engine, database in
            let handle = try await engine.start(Plain<Int?>.self, id: "a")
            let error = try #require(await failure { try await handle.result() } as? DurableError)
            #expect(error.message.contains(words))
            #expect(try await database.journal(of: "a").isEmpty)
        }
    }

    @Test(arguments: waysToWait)
    func `a workflow sends to another one, once, and is told when that one has ended`(options: EngineOptions)
        async throws
    {
        let program = Program<String, [String]> { role, workflow in
            if role == "receiver" { return [try await workflow.receive(String.self, "greeting")] }
            try await workflow.signal("receiver", "greeting", "hello")
            try await workflow.sleep(for: .milliseconds(30))
            var codes: [String] = []
            for id in ["nobody", "ended"] {
                do {
                    try await workflow.signal(id, "greeting", "hello")
                } catch let failure as StepFailure {
                    codes.append(failure.code ?? "")
                }
            }
            try await workflow.sleep(for: .milliseconds(30))
            return codes
        }
        try await withEngine([program], options) { engine, database in
            let receiver = try await engine.start(Program<String, [String]>.self, "receiver", id: "receiver")
            let ended = try await engine.start(Program<String, [String]>.self, "receiver", id: "ended")
            try await engine.signal("ended", "greeting", "bye")
            #expect(try await ended.result() == ["bye"])
            let sender = try await engine.start(Program<String, [String]>.self, "sender", id: "sender")
            #expect(try await sender.result() == ["workflowNotFound", "workflowEnded"])
            #expect(try await receiver.result() == ["hello"])
            #expect(try await database.text("SELECT count(*)::text FROM durable.message") == "0")
        }
    }

    @Test func `a signal in a transaction commits with it or not at all`() async throws {
        let program = Program<String, Int> { role, workflow in
            if role == "receiver" { return try await workflow.receive(Int.self, "n") }
            try? await workflow.transaction("rolled back") { transaction in
                try await transaction.signal("receiver", "n", 1)
                throw Outage()
            }
            do {
                try await workflow.transaction("to nobody") { transaction in
                    do {
                        try await transaction.signal("nobody", "n", 1)
                    } catch let error as DurableError {
                        #expect(error.code == .workflowNotFound)
                        throw error
                    }
                }
            } catch let failure as StepFailure {
                #expect(failure.code == "workflowNotFound")
            }
            try await workflow.transaction("committed") { transaction in
                try await transaction.signal("receiver", "n", 2)
            }
            return 0
        }
        try await withEngine([program], .replaying) { engine, _ in
            let receiver = try await engine.start(Program<String, Int>.self, "receiver", id: "receiver")
            try await engine.start(Program<String, Int>.self, "sender", id: "sender").result()
            #expect(try await receiver.result() == 2)
        }
    }

    @Test func `from SQL, in the caller's own transaction`() async throws {
        let program = Plain { _, workflow in try await workflow.receive(.approval).by }
        try await withEngine([program], .replaying) { engine, database in
            let handle = try await engine.start(Plain<String>.self, id: "a")
            try await database.waitFor(.waiting, of: "a")
            let session = try await PostgresConnection.connect(database.configuration)
            defer { session.close() }
            try await session.execute("BEGIN")
            try await session.execute("SELECT durable.signal('a', 'approval', '{\"by\": \"psql\"}')")
            // As long as it is open nothing waits for it, neither the workflow nor anybody else.
            try await engine.start(Plain<String>.self, id: "b")
            try await engine.signal("b", .approval, Approval(by: "Ada"))
            let other = try await engine.handle(Plain<String>.self, id: "b").result()
            #expect(other == "Ada")
            #expect(try await handle.status().state == .waiting)
            try await session.execute("COMMIT")
            try await session.execute("SELECT durable.notify()")
            #expect(try await handle.result() == "psql")
        }
    }

    @Test func `a message of another type pauses the receiver, is kept, and later ones are buffered meanwhile`()
        async throws
    {
        let program = Plain { _, workflow in
            let first = try await workflow.receive(Int.self, "n")
            return [first, try await workflow.receive(Int.self, "n")]
        }
        try await withEngine([program]) { engine, database in
            let handle = try await engine.start(Plain<[Int]>.self, id: "a")
            try await engine.signal("a", "n", "not a number")
            try await database.waitFor(.paused, of: "a")
            try await engine.signal("a", "n", 1)
            try await engine.signal("a", "n", 2)
            let status = try await handle.status()
            #expect(status.reason == .undecodable)
            #expect(status.error?.message.contains("is kept: deploy code that can read it") == true)
            #expect(status.error?.message.contains("not a number") == false)
            #expect(try await database.journal(of: "a").isEmpty)
            #expect(try await database.text("SELECT count(*)::text FROM durable.message") == "3")
            try await database.execute(
                """
                DELETE FROM durable.message WHERE body::text LIKE '%not%';
                """
            )
            try await database.execute(
                "UPDATE durable.live SET state = 'queued', reason = NULL, run_at = durable.clock() WHERE workflow_id = 'a'"
            )
            #expect(try await handle.result() == [1, 2])
        }
    }
}

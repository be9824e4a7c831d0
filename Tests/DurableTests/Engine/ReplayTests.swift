// SPDX-License-Identifier: Apache-2.0

import DurableTesting
import Libpq
import Logging
import Synchronization
import Testing

@testable import Durable

@Suite struct ReplayTests {
    @Test func `recorded output that no longer decodes pauses the workflow, and newer code goes on`() async throws {
        struct Old: Codable { var total: Int }
        struct New: Codable { var amount: Int }
        let effects = Counter()
        @Sendable func code<Price: Codable & Sendable>(_ price: Price) -> Plain<Nothing> {
            Plain { _, workflow in
                try await workflow.step("price") { _ in price }
                try await workflow.sleep(for: .seconds(3600))
                try await workflow.step("charge") { _ in _ = effects.next() }
                return Nothing()
            }
        }
        try await withDatabase { database in
            try await database.withEngine([code(Old(total: 1))], .replaying) { engine in
                _ = try await engine.start(Plain<Nothing>.self, id: "a")
                try await database.waitFor(.waiting, of: "a")
            }
            let before = try await database.journal(of: "a")
            try await database.execute("UPDATE durable.live SET run_at = '2001-01-01'")
            try await database.execute("UPDATE durable.journal SET due = '2001-01-01' WHERE kind = 3")
            try await database.withEngine([code(New(amount: 1))]) { engine in
                try await database.waitFor(.paused, of: "a")
                let status = try await engine.handle(Plain<Nothing>.self, id: "a").status()
                #expect(status.reason == .undecodable)
                #expect(
                    status.error?.message.hasPrefix(
                        "what is recorded of it cannot be read by this code: deploy code that can, then resume it"
                    ) == true
                )
                #expect(status.error?.message.contains("[step price]") == true)
            }
            #expect(try await database.journal(of: "a") == before)
            #expect(effects.value == 0)
            try await database.execute("UPDATE durable.live SET state = 'queued', run_at = '2001-01-01', reason = NULL")
            try await database.withEngine([code(Old(total: 1))]) { engine in
                try await engine.handle(Plain<Nothing>.self, id: "a").result()
            }
            #expect(effects.value == 1)
        }
    }

    @Test func `an input that no longer decodes pauses the workflow before it runs`() async throws {
        try await withDatabase { database in
            let client = try DurableClient(database: database.configuration)
            defer { client.shutdown() }
            let handle = try await client.start(Program<String, Int>.self, "x", id: "a")
            let ran = Counter()
            try await database.withEngine([Program<Int, Int> { input, _ in ran.next() }]) { _ in
                try await database.waitFor(.paused, of: "a")
            }
            let status = try await handle.status()
            #expect(status.reason == .undecodable)
            #expect(status.error?.message.hasPrefix("its input cannot be read by this code") == true)
            #expect(ran.value == 0)
        }
    }

    @Test(.notReplayed("it counts the statements of its replays"))
    func `large outputs are read when replay comes to them, small ones with the history`() async throws {
        let large = String(repeating: "0123456789abcdef", count: 1 << 16)
        let seen = Recorder<Bool>()
        let program = Plain { _, workflow in
            let first = try await workflow.step("large") { _ in large }
            let second = try await workflow.step("small") { _ in "small" }
            let third = try await workflow.step("large") { _ in large + "3" }
            seen.record(first == large && second == "small" && third == large + "3")
            try await workflow.sleep(for: .milliseconds(30))
            return Nothing()
        }
        let statements = Mutex((outputs: 0, journals: 0))
        try await withDatabase { database in
            var configuration = database.configuration
            configuration.observer = { event in
                guard event.phase == .sending else { return }
                statements.withLock { count in
                    for sql in event.statements {
                        if sql.contains("SELECT output FROM") { count.outputs += 1 }
                        if sql.contains("octet_length(output") { count.journals += 1 }
                    }
                }
            }
            try await database.withEngine([program], .replaying, configuration: configuration) { engine in
                try await engine.start(Plain<Nothing>.self, id: "a").result()
            }
        }
        #expect(seen.isReplayed)
        #expect(seen.all.first == true)
        let replays = seen.all.count - 1
        #expect(statements.withLock { $0.outputs } == 2 * replays, "one question per large output and replay")
        #expect(statements.withLock { $0.journals } == replays, "one question per replay, for all the rest")
    }

    @Test(.notReplayed("it shows that a fresh workflow is not replayed"))
    func `a fresh workflow asks nothing, and a replayed step says nothing`() async throws {
        let statements = Recorder<String>()
        let watching = Atomic(false)
        let program = Plain { _, workflow in
            for index in 0..<5 { try await workflow.step("s\(index)") { _ in index } }
            return Nothing()
        }
        try await withDatabase { database in
            var configuration = database.configuration
            configuration.observer = { event in
                guard event.phase == .sending, watching.load(ordering: .sequentiallyConsistent) else { return }
                for sql in event.statements where sql.contains("journal") { statements.record(sql) }
            }
            let options = EngineOptions.test.with { $0.poll = .seconds(60) }
            try await database.withEngine([program], options, configuration: configuration) { engine in
                watching.store(true, ordering: .sequentiallyConsistent)
                try await engine.start(Plain<Nothing>.self, id: "a").result()
                watching.store(false, ordering: .sequentiallyConsistent)
            }
        }
        #expect(!statements.all.isEmpty)
        #expect(statements.all.allSatisfy { $0.hasPrefix("INSERT") }, "\(statements.all)")
    }

    @Test(.notReplayed("it counts the interruptions of its own"))
    func `what the context throws after an interruption is no failure of the user's`() async throws {
        let compensated = Counter()
        let after = Recorder<String>()
        let program = Plain { _, workflow in
            do {
                try await workflow.sleep(for: .milliseconds(60))
            } catch {
                // Swallowed, as careless code would: every later call throws the same, and has no effect.
                for _ in 0..<3 {
                    let thrown = await failure { try await workflow.step("compensate") { _ in _ = compensated.next() } }
                    after.record("\((thrown as? WorkflowInterruption)?.cause, default: "nothing")")
                }
                return "compensated"
            }
            return "slept"
        }
        try await withEngine([program], .replaying) { engine, database in
            let result = try await engine.start(Plain<String>.self, id: "a").result()
            #expect(result == "slept")
            #expect(try await database.journal(of: "a") == ["|0|0|sleep", "|0|1|sleep"])
        }
        #expect(compensated.value == 0)
        #expect(Set(after.all) == ["parked"])
    }

    @Test func `the log is silent while calls are replayed`() async throws {
        let logs = Recorder<String>()
        let program = Plain { _, workflow in
            workflow.logger.info("said at the beginning")
            try await workflow.step("one") { step in step.logger.info("said by the step") }
            workflow.logger.info("said after one")
            try await workflow.sleep(for: .milliseconds(30))
            workflow.logger.info("said at the end")
            return Nothing()
        }
        try await withEngine([program], .replaying, logs: logs) { engine, _ in
            try await engine.start(Plain<Nothing>.self, id: "a").result()
        }
        for words in ["at the beginning", "by the step", "after one", "at the end"] {
            #expect(logs.all.filter { $0.contains("said " + words) }.count == 1, "said \(words)")
        }
        let said = logs.all.first { $0.contains("said by the step") } ?? ""
        for key in ["workflow.id", "step.name", "step.attempt"] { #expect(said.contains(key)) }
    }
}

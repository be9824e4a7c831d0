// SPDX-License-Identifier: Apache-2.0

import DurableTesting
import Testing

@testable import Durable

/// Undos of steps and transactions, when the workflow fails.
@Suite struct UndoTests {
    @Test func `a workflow that fails undoes its steps, the last first, with what they returned`() async throws {
        let done = Recorder<String>()
        let program = Plain<Nothing> { _, workflow in
            let flight = try await workflow.step("book flight") { _ in
                "F1"
            } undo: { flight, step in
                done.record("cancel \(flight ?? "?") attempt \(step.attempt) key \(step.idempotencyKey)")
            }
            try await workflow.step("note") { _ in done.record("note \(flight)") }
            try await workflow.step("book hotel") { _ in
                done.record("hotel")
            } undo: { _ in
                done.record("no hotel")
            }
            throw CardRefused(reason: "empty")
        }
        try await withEngine([program]) { engine, database in
            let handle = try await engine.start(Plain<Nothing>.self, id: "a")
            let error = await #expect(throws: CardRefused.self) { try await handle.result() }
            #expect(error?.reason == "empty", "the workflow ends with its own error")
            #expect(done.all == ["note F1", "hotel", "no hotel", "cancel F1 attempt 1 key a/undo/0/0"])
            #expect(
                try await database.journal(of: "a") == [
                    "|0|0|book flight", "|1|0|note", "|2|0|book hotel", "undo|0|0|undo",
                    "undo/0|0|0|undo book flight", "undo/2|0|0|undo book hotel",
                ]
            )
            #expect(try await handle.status().state == .failed)
        }
    }

    @Test func `a workflow that succeeds undoes nothing`() async throws {
        let undone = Counter()
        let program = Plain<Int> { _, workflow in
            try await workflow.step("work") { _ in
                1
            } undo: { _, _ in
                _ = undone.next()
            }
        }
        try await withEngine([program]) { engine, database in
            let handle = try await engine.start(Plain<Int>.self, id: "a")
            #expect(try await handle.result() == 1)
            #expect(undone.value == 0)
            #expect(try await database.journal(of: "a") == ["|0|0|work"])
        }
    }

    @Test func `a step that failed is undone without a result, one that was never begun is not`() async throws {
        let done = Recorder<String>()
        let program = Plain<Nothing> { _, workflow in
            try await workflow.step("charge", retry: .immediately(attempts: 2)) { _ -> Int in
                throw Outage()
            } undo: { amount, _ in
                done.record("undo charge \(amount.map { "\($0)" } ?? "nil")")
            }
            try await workflow.step("ship") { _ in
                1
            } undo: { _, _ in
                done.record("undo ship")
            }
            return Nothing()
        }
        try await withEngine([program]) { engine, _ in
            let handle = try await engine.start(Plain<Nothing>.self)
            await #expect(throws: DurableError.self) { try await handle.result() }
            #expect(done.all == ["undo charge nil"])
        }
    }

    @Test func `a transaction is undone in a transaction, and one that was rolled back is not`() async throws {
        let program = Plain<Nothing> { _, workflow in
            try await workflow.transaction("reserve") { transaction in
                try await transaction.execute("INSERT INTO seat (id) VALUES (7)")
                return 7
            } undo: { seat, transaction in
                try await transaction.execute("UPDATE seat SET undone = undone + 1 WHERE id = \(seat)")
            }
            try await workflow.transaction("pay") { transaction in
                try await transaction.execute("INSERT INTO seat (id) VALUES (8)")
                throw CardRefused(reason: "empty")
            } undo: { transaction in
                try await transaction.execute("INSERT INTO seat (id) VALUES (9)")
            }
            return Nothing()
        }
        try await withDatabase { database in
            try await database.execute("CREATE TABLE seat (id int PRIMARY KEY, undone int NOT NULL DEFAULT 0)")
            try await database.withEngine([program]) { engine in
                let handle = try await engine.start(Plain<Nothing>.self, id: "a")
                await #expect(throws: CardRefused.self) { try await handle.result() }
            }
            #expect(try await database.rows("SELECT concat_ws(' ', id, undone) FROM seat") == ["7 1"])
            #expect(
                try await database.journal(of: "a") == [
                    "|0|0|reserve", "|1|0|pay", "undo|0|0|undo", "undo/0|0|0|undo reserve",
                ]
            )
        }
    }

    @Test func `an undo is tried again, and its back-off parks the workflow`() async throws {
        let attempts = Recorder<Int>()
        let runs = Counter()
        let program = Plain<Nothing> { _, workflow in
            runs.next()
            try await workflow.step(
                "book",
                undoRetry: .constant(attempts: 3, delay: .milliseconds(50)),
                { _ in 1 },
                undo: { _, step in
                    attempts.record(step.attempt)
                    if step.attempt < 3 { throw Outage() }
                }
            )
            throw CardRefused(reason: "empty")
        }
        try await withEngine([program], .replaying) { engine, _ in
            let handle = try await engine.start(Plain<Nothing>.self)
            await #expect(throws: CardRefused.self) { try await handle.result() }
            #expect(attempts.all == [1, 2, 3])
            #expect(runs.value >= 3, "each back-off ended the run, and a replay went on")
        }
    }

    @Test func `an undo that fails pauses the workflow, and goes on when it is resumed`() async throws {
        let mended = Counter()
        let done = Recorder<String>()
        let program = Plain<Nothing> { _, workflow in
            try await workflow.step("first") { _ in
                1
            } undo: { _, _ in
                done.record("first")
            }
            try await workflow.step("second", undoRetry: .immediately(attempts: 2)) { _ in
                2
            } undo: { _, step in
                guard mended.value > 0 else { throw Outage() }
                done.record("second attempt \(step.attempt)")
            }
            throw CardRefused(reason: "empty")
        }
        let logs = Recorder<String>()
        try await withEngine([program], logs: logs) { engine, database in
            let handle = try await engine.start(Plain<Nothing>.self, id: "a")
            try await database.waitFor(.paused, of: "a")
            let status = try await handle.status()
            #expect(status.reason == .undoFailed)
            #expect(status.error?.code == "undoFailed")
            #expect(
                status.error?.message.hasPrefix(
                    """
                    undo second failed after 2 attempts, and what it was to undo is still done: mend what it needs, or undo \
                    it by hand, then resume the workflow [workflow a] [step undo second]
                    """
                ) == true,
                "\(status.error?.message ?? "")"
            )
            #expect(logs.all.contains { $0.hasPrefix("error: workflow.paused") })
            #expect(done.all.isEmpty, "nothing is undone out of order")
            mended.next()
            try await database.execute("UPDATE durable.live SET state = 'queued', reason = NULL, run_at = now()")
            await #expect(throws: CardRefused.self) { try await handle.result() }
            #expect(done.all == ["second attempt 3", "first"])
        }
    }

    @Test func `a process that goes in the middle of the undos leaves the rest to the next one`() async throws {
        let done = Recorder<String>()
        let (reached, gate) = (Gate(), Gate())
        func program(_ holds: Bool) -> Plain<Nothing> {
            Plain<Nothing> { _, workflow in
                for name in ["a", "b", "c"] {
                    try await workflow.step(name) { _ in
                        name
                    } undo: { name, _ in
                        done.record("\(name ?? "?")")
                        if holds, name == "b" {
                            reached.open()
                            try await gate.wait()
                        }
                    }
                }
                throw CardRefused(reason: "empty")
            }
        }
        try await withDatabase { database in
            try await database.withEngine([program(true)]) { engine in
                try await engine.start(Plain<Nothing>.self, id: "x")
                try await reached.wait()
            }
            #expect(done.all == ["c", "b"])
            try await database.withEngine([program(false)]) { engine in
                let handle = try await engine.handle(Plain<Nothing>.self, id: "x")
                await #expect(throws: CardRefused.self) { try await handle.result() }
            }
            #expect(done.all == ["c", "b", "b", "a"], "what is recorded is not undone again")
        }
    }

    @Test func `code that goes on where it had failed is paused before any effect`() async throws {
        let (reached, effects) = (Gate(), Counter())
        let old = Plain<Nothing> { _, workflow in
            try await workflow.step("a") { _ in
                1
            } undo: { _, _ in
                reached.open()
                try await Gate().wait()
            }
            throw CardRefused(reason: "empty")
        }
        let new = Plain<Nothing> { _, workflow in
            try await workflow.step("a") { _ in
                1
            } undo: { _, _ in
                _ = effects.next()
            }
            try await workflow.step("b") { _ in _ = effects.next() }
            return Nothing()
        }
        try await withDatabase { database in
            try await database.withEngine([old]) { engine in
                try await engine.start(Plain<Nothing>.self, id: "x")
                try await reached.wait()
            }
            try await database.withEngine([new]) { engine in
                try await database.waitFor(.paused, of: "x")
                let handle = try await engine.handle(Plain<Nothing>.self, id: "x")
                let error = try await handle.status().error
                #expect(
                    error?.message.hasPrefix("the code goes on where it had failed and had begun to undo its steps")
                        == true
                )
                #expect(effects.value == 0)
            }
        }
    }

    @Test func `a workflow whose time is over undoes its steps and fails with WorkflowTimeout`() async throws {
        let done = Recorder<String>()
        let program = Hurried { workflow in
            try await workflow.step("book") { _ in
                "F1"
            } undo: { flight, _ in
                done.record("cancel \(flight ?? "?")")
            }
            try await workflow.sleep(for: .seconds(3600))
        }
        try await withEngine([program]) { engine, database in
            let handle = try await engine.start(Hurried.self, id: "a")
            let error = await #expect(throws: DurableError.self) { try await handle.result() }
            #expect(error?.code == .workflowFailed)
            #expect(error?.message.contains("WorkflowTimeout") == true)
            #expect(done.all == ["cancel F1"])
            #expect(try await handle.status().state == .failed)
        }
    }

    @Test func `a retry policy of an undo that makes no sense is refused before the step runs`() async throws {
        let effects = Counter()
        let program = Plain<Nothing> { _, workflow in
            try await workflow.step("a", undoRetry: RetryPolicy(attempts: 0)) { _ in
                effects.next()
            } undo: { _, _ in
            }
            return Nothing()
        }
        try await withEngine([program]) { engine, database in
            let handle = try await engine.start(Plain<Nothing>.self, id: "a")
            let error = await #expect(throws: DurableError.self) { try await handle.result() }
            #expect(
                error?.message.contains("A retry policy needs at least one attempt; it has 0.") == true,
                "\(error.map { "\($0)" } ?? "")"
            )
            #expect(effects.value == 0)
            #expect(try await database.journal(of: "a").isEmpty)
        }
    }
}

/// A workflow that may take no longer than a moment.
private struct Hurried: Workflow {
    static var timeout: Duration? { .milliseconds(300) }
    let body: @Sendable (WorkflowContext) async throws -> Void

    func run(_ input: Nothing, in workflow: WorkflowContext) async throws -> Nothing {
        try await self.body(workflow)
        return Nothing()
    }
}

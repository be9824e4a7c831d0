// SPDX-License-Identifier: Apache-2.0

import DurableTesting
import Libpq
import Testing

@testable import Durable

/// Requests to cancel, in every state that a workflow may be in.
@Suite struct CancellationTests {
    @Test func `cancelling reaches a running step, and its undo runs without a result`() async throws {
        let (reached, done) = (Gate(), Recorder<String>())
        let program = Plain<Nothing> { _, workflow in
            try await workflow.step("first") { _ in
                1
            } undo: { value, _ in
                done.record("first \(value ?? 0)")
            }
            do {
                try await workflow.step("second") { _ in
                    reached.open()
                    // Ends only when its task is cancelled.
                    try await Gate().wait()
                    return 2
                } undo: { value, _ in
                    done.record("second \(value ?? 0)")
                }
            } catch {
                // Code that swallows the interruption gets no further.
                try await workflow.step("never") { _ in done.record("never") }
            }
            return Nothing()
        }
        try await withEngine([program]) { engine, database in
            let handle = try await engine.start(Plain<Nothing>.self, id: "a")
            try await reached.wait()
            #expect(try await handle.cancel(reason: "changed my mind") == .requested)
            try await expectCancelled(handle, "changed my mind")
            #expect(done.all == ["second 0", "first 1"])
            #expect(try await handle.cancel() == .alreadyEnded(.cancelled))
            #expect(try await database.text("SELECT count(*)::text FROM durable.cancellation") == "0")
            #expect(
                try await database.text("SELECT error FROM durable.workflows WHERE id = 'a'") == "changed my mind"
            )
        }
    }

    @Test func `a step that ends well although it was cancelled is undone with what it returned`() async throws {
        let (reached, go, done) = (Gate(), Gate(), Recorder<String>())
        let program = Plain<Nothing> { _, workflow in
            try await workflow.step("book") { _ in
                reached.open()
                await Task.detached { try? await go.wait() }.value
                return "F1"
            } undo: { flight, _ in
                done.record("cancel \(flight ?? "nil")")
            }
            return Nothing()
        }
        let logs = Recorder<String>()
        try await withEngine([program], logs: logs) { engine, _ in
            let handle = try await engine.start(Plain<Nothing>.self, id: "a")
            try await reached.wait()
            try await handle.cancel()
            try await eventually("the process has heard of it") {
                logs.all.contains { $0.contains("workflow.cancelling") }
            }
            go.open()
            try await expectCancelled(handle, nil)
            #expect(done.all == ["cancel F1"])
        }
    }

    @Test func `a workflow that nobody has begun ends at once, also where nobody offers it`() async throws {
        try await withDatabase { database in
            let client = try DurableClient(database: database.configuration)
            defer { client.shutdown() }
            let handle = try await client.start(Other.self, id: "a")
            #expect(try await client.cancel("a", reason: "too late") == .requested)
            // It knows no workflow "other".
            try await database.withEngine([Plain<Nothing> { _, _ in Nothing() }]) { _ in
                try await expectCancelled(handle, "too late")
            }
            #expect(try await database.text("SELECT count(*)::text FROM durable.journal") == "0")
        }
    }

    @Test func `a parked workflow is cancelled where it waits, and undoes what it had done`() async throws {
        let done = Recorder<String>()
        let program = Plain<Nothing> { _, workflow in
            try await workflow.step("book") { _ in
                "F1"
            } undo: { flight, _ in
                done.record("cancel \(flight ?? "nil")")
            }
            try await workflow.sleep(for: .seconds(86_400))
            try await workflow.step("never") { _ in
            } undo: { _ in
                done.record("never")
            }
            return Nothing()
        }
        try await withEngine([program], .replaying) { engine, database in
            let handle = try await engine.start(Plain<Nothing>.self, id: "a")
            try await database.waitFor(.waiting, of: "a")
            try await handle.cancel(reason: "no")
            try await expectCancelled(handle, "no")
            #expect(done.all == ["cancel F1"])
            #expect(
                try await database.journal(of: "a") == [
                    "|0|0|book", "|1|1|sleep", "undo|0|0|undo", "undo/0|0|0|undo book",
                ]
            )
        }
    }

    @Test func `a paused workflow is cancelled, and one whose undo fails is paused again and not for ever`()
        async throws
    {
        let (mended, tries) = (Counter(), Counter())
        let program = Plain<Nothing> { _, workflow in
            try await workflow.step("a", undoRetry: .never) { _ in
                1
            } undo: { _, _ in
                tries.next()
                if mended.value == 0 { throw Outage() }
            }
            try await workflow.sleep(for: .seconds(86_400))
            return Nothing()
        }
        try await withEngine([program], .replaying) { engine, database in
            let handle = try await engine.start(Plain<Nothing>.self, id: "a")
            try await database.waitFor(.waiting, of: "a")
            try await database.execute(
                "UPDATE durable.live SET state = 'paused', reason = 'operator', run_at = 'infinity'"
            )
            #expect(try await handle.cancel() == .requested)
            try await eventually("it is paused since its undo failed") {
                let status = try await handle.status()
                return status.state == .paused && status.reason == .undoFailed
            }
            #expect(try await database.text("SELECT count(*)::text FROM durable.cancellation") == "0")
            #expect(tries.value == 1)
            mended.next()
            #expect(try await handle.cancel() == .requested, "asking again tries again")
            try await expectCancelled(handle, nil)
            #expect(tries.value == 2)
        }
    }

    @Test func `a finished workflow stays what it is, an unknown one is an error, and a reason has a limit`()
        async throws
    {
        try await withEngine([Plain<Int> { _, _ in 7 }]) { engine, database in
            let handle = try await engine.start(Plain<Int>.self, id: "a")
            _ = try await handle.result()
            #expect(try await engine.cancel("a", reason: "late") == .alreadyEnded(.succeeded))
            #expect(try await handle.result() == 7)
            let unknown = await #expect(throws: DurableError.self) { try await engine.cancel("b") }
            #expect(unknown?.code == .workflowNotFound)
            #expect(unknown?.message == "no workflow has the id \"b\"")
            let long = await #expect(throws: DurableError.self) {
                try await engine.cancel("a", reason: String(repeating: "x", count: 1025))
            }
            #expect(long?.message == "the reason of a cancellation has 1025 bytes; the limit is 1024")
            let zero = await #expect(throws: DurableError.self) { try await engine.cancel("a", reason: "\0") }
            #expect(zero?.message == "the reason of a cancellation contains U+0000")
            #expect(try await database.text("SELECT count(*)::text FROM durable.cancellation") == "0")
        }
    }

    @Test func `an open transaction that asks for it stalls nothing, and asks when it commits`() async throws {
        let (reached, go) = (Gate(), Gate())
        let program = Plain<Nothing> { _, workflow in
            try await workflow.step("one") { _ in 1 }
            reached.open()
            try await workflow.step("two") { _ in try await go.wait() }
            return Nothing()
        }
        try await withEngine([program]) { engine, database in
            let handle = try await engine.start(Plain<Nothing>.self, id: "a")
            try await reached.wait()
            let connection = try await PostgresConnection.connect(database.configuration)
            defer { connection.close() }
            try await connection.execute(Query("BEGIN"))
            #expect(try await connection.strings("SELECT durable.cancel('a', 'sql')") == ["requested"])
            go.open()
            _ = try await handle.result()
            try await connection.execute(Query("COMMIT"))
            try await eventually("the request to a workflow that has ended is removed") {
                try await database.text("SELECT count(*)::text FROM durable.cancellation") == "0"
            }
            #expect(try await handle.status().state == .succeeded)
        }
    }

    @Test func `a process that is asked by another one hears of it without LISTEN`() async throws {
        let reached = Gate()
        let program = Plain<Nothing> { _, workflow in
            try await workflow.step("long") { _ in
                reached.open()
                try await Gate().wait()
            }
            return Nothing()
        }
        try await withEngine([program], .test.with { $0.listen = false }) { engine, database in
            let handle = try await engine.start(Plain<Nothing>.self, id: "a")
            try await reached.wait()
            #expect(try await database.text("SELECT durable.cancel('a', 'sql')") == "requested")
            try await expectCancelled(handle, "sql")
            #expect(try await database.text("SELECT durable.cancel('a')") == "cancelled")
        }
    }

    @Test func `a process that goes during the clean-up leaves the rest of it to the next one`() async throws {
        let (reached, done) = (Gate(), Recorder<String>())
        func program(_ holds: Bool) -> Plain<Nothing> {
            Plain<Nothing> { _, workflow in
                for name in ["a", "b", "c"] {
                    try await workflow.step(name) { _ in
                        name
                    } undo: { name, _ in
                        done.record(name ?? "nil")
                        if holds, name == "b" {
                            reached.open()
                            try await Gate().wait()
                        }
                    }
                }
                try await workflow.sleep(for: .seconds(86_400))
                return Nothing()
            }
        }
        try await withDatabase { database in
            try await database.withEngine([program(true)], .replaying) { engine in
                let handle = try await engine.start(Plain<Nothing>.self, id: "x")
                try await database.waitFor(.waiting, of: "x")
                try await handle.cancel(reason: "no")
                try await reached.wait()
                #expect(try await handle.status().state == .cancelling)
                #expect(try await handle.cancel() == .alreadyCancelling)
            }
            try await database.waitFor(.cancelling, of: "x")
            try await database.withEngine([program(false)], .replaying) { engine in
                try await expectCancelled(try await engine.handle(Plain<Nothing>.self, id: "x"), "no")
            }
            #expect(done.all == ["c", "b", "b", "a"])
        }
    }

    @Test func `branches that had begun are undone, and those that wait for their turn are not`() async throws {
        let (begun, done) = (Counter(), Recorder<String>())
        let program = Plain<Nothing> { _, workflow in
            _ = try await workflow.map(0..<20, maxConcurrent: 3) { number, branch in
                try await branch.step("work") { _ in
                    if begun.next() > 4 { try await Gate().wait() }
                    return number
                } undo: { result, _ in
                    done.record("\(number) \(result.map { "\($0)" } ?? "nil")")
                }
            }
            return Nothing()
        }
        try await withEngine([program]) { engine, _ in
            let handle = try await engine.start(Plain<Nothing>.self, id: "a")
            try await eventually("three branches hang") { begun.value == 7 }
            try await handle.cancel()
            try await expectCancelled(handle, nil)
            #expect(done.all.count == 7)
            #expect(done.all.filter { $0.hasSuffix("nil") }.count == 3)
            let numbers = done.all.compactMap { Int($0.split(separator: " ")[0]) }
            #expect(numbers == numbers.sorted(by: >), "the last of the program first")
        }
    }
}

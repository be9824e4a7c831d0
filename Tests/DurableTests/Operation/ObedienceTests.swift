// SPDX-License-Identifier: Apache-2.0

import DurableTesting
import Libpq
import Testing

@testable import Durable

/// What is asked in SQL a process in the middle of its work obeys by polling alone: nobody listens, and nobody notifies.
@Suite struct ObedienceTests {
    private static let polling = EngineOptions.replaying.with { $0.listen = false }

    /// A program that hangs in its step, the first time.
    private static func hanging(_ reached: Gate, _ runs: Counter = Counter()) -> Plain<Int> {
        Plain { _, workflow in
            try await workflow.step("hang") { _ in
                guard runs.next() == 1 else { return }
                reached.open()
                try await Gate().wait()
            }
            return runs.value
        }
    }

    @Test func `a step that runs is stopped by a pause, and runs again when it is resumed`() async throws {
        let reached = Gate()
        try await withEngine([Self.hanging(reached)], Self.polling) { engine, database in
            let handle = try await engine.start(Plain<Int>.self, id: "a")
            try await reached.wait()
            #expect(try await database.text("SELECT durable.pause('a', 'quiet')") == "requested")
            try await database.waitFor(.paused, of: "a")
            #expect(try await database.text("SELECT durable.pause('a', 'quiet')") == "paused")
            try await database.execute("SELECT durable.resume('a', 'go on')")
            #expect(try await handle.result() == 2)
        }
    }

    @Test func `a step that runs is stopped by a kill, and its workflow has ended`() async throws {
        let reached = Gate()
        try await withEngine([Self.hanging(reached)], Self.polling) { engine, database in
            let handle = try await engine.start(Plain<Int>.self, id: "a")
            try await reached.wait()
            try await database.execute("SELECT durable.kill('a', 'wrong customer')")
            try await eventually("it has ended") { try await handle.status().state == .cancelled }
            #expect(try await database.text("SELECT count(*)::text FROM durable.request") == "0")
        }
    }

    @Test func `a type that is paused is not started, and what waits of it starts when it is resumed`() async throws {
        let program = Plain<Int> { _, _ in 1 }
        try await withEngine([program], Self.polling) { engine, database in
            try await database.execute("SELECT durable.pause_name('program', 'bad deploy')")
            // The engine has heard of it when a start is left queued.
            var number = 0
            try await eventually("a start is left queued") {
                number += 1
                try await database.execute("SELECT durable.enqueue('program', id => 'w\(number)')")
                try await Task.sleep(for: .milliseconds(200))
                return try await database.text("SELECT state::text FROM durable.live") == "queued"
            }
            let audit = "SELECT concat_ws(' ', action, reason) FROM durable.audit ORDER BY id DESC LIMIT 1"
            try await database.execute("SELECT durable.resume_name('program', 'rolled back')")
            #expect(try await database.text(audit) == "resume_name rolled back")
            #expect(try await engine.handle(Plain<Int>.self, id: "w\(number)").result() == 1)
        }
    }

    @Test func `a process that is declared dead drops what it runs, and what it had is taken up again`() async throws {
        let reached = Gate()
        try await withEngine([Self.hanging(reached)], Self.polling) { engine, database in
            let handle = try await engine.start(Plain<Int>.self, id: "a")
            try await reached.wait()
            #expect(
                try await database.text("SELECT durable.release_executor(number)::text FROM durable.executor") == "1"
            )
            // This process registers anew, under another number, and takes up what its former self had.
            #expect(try await handle.result() == 2)
            let states = try await database.rows("SELECT state FROM durable.executors ORDER BY number")
            #expect(states == ["fenced", "alive"])
        }
    }

    @Test func `a signal, a completed token and an event that come from SQL wake who waits for them`() async throws {
        let program = Plain<Int> { _, workflow in
            let signal = try await workflow.receive(Int.self, "go")
            let called = try await workflow.value(of: workflow.token(Int.self, "hook"))
            return signal + called + (try await workflow.waitForEvent(Event<Int>("day"), key: "monday") ?? 0)
        }
        try await withEngine([program], Self.polling) { engine, database in
            let handle = try await engine.start(Plain<Int>.self, id: "a")
            try await database.waitFor(.waiting, of: "a")
            try await database.execute("SELECT durable.signal('a', 'go', '1')")
            try await eventually("it has asked for a token, which is completed") {
                try await database.text("SELECT durable.complete_token(id, '20')::text FROM durable.token") == "true"
            }
            try await database.execute("SELECT durable.publish_event('day', 'monday', '300')")
            #expect(try await handle.result() == 321)
        }
    }
}

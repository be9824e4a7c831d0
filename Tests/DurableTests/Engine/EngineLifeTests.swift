// SPDX-License-Identifier: Apache-2.0

import DurableTesting
import Libpq
import Testing

@testable import Durable

@Suite struct EngineLifeTests {
    @Test func `a graceful stop hands over, and another engine goes on without running a recorded step again`()
        async throws
    {
        let ran = Recorder<String>()
        let reached = Gate()
        let held = Gate()
        let program = Plain { _, workflow in
            try await workflow.step("one") { _ in ran.record("one") }
            let (two, three) = try await workflow.parallel(
                { branch in
                    try await branch.step("two") { _ in
                        ran.record("two")
                        return 2
                    }
                },
                { branch in
                    try await branch.transaction("three") { _ in
                        ran.record("three")
                        return 3
                    }
                }
            )
            try await workflow.step("four") { _ in
                ran.record("four")
                reached.open()
                try await held.wait()
            }
            return two + three
        }
        try await withDatabase { database in
            try await database.withEngine([program]) { engine in
                _ = try await engine.start(Plain<Int>.self, id: "a")
                try await reached.wait()
            }
            #expect(try await database.text("SELECT concat_ws(' ', state, executor) FROM durable.live") == "queued")
            #expect(try await database.text("SELECT count(*)::text FROM durable.lease") == "0", "the lease is free")
            held.open()
            let result = try await database.withEngine([program]) { engine in
                try await engine.handle(Plain<Int>.self, id: "a").result()
            }
            #expect(result == 5)
            #expect(try await database.text("SELECT count(DISTINCT executor)::text FROM durable.journal") == "2")
        }
        #expect(ran.all.sorted() == ["four", "four", "one", "three", "two"])
    }

    @Test func `a step that ends within the drain time is recorded`() async throws {
        let reached = Gate()
        let held = Gate()
        let runs = Counter()
        let program = Plain { _, workflow in
            let value = try await workflow.step("slow") { _ in
                runs.next()
                reached.open()
                try await held.wait()
                return 1
            }
            return value + (try await workflow.step("next") { _ in 1 })
        }
        try await withDatabase { database in
            let options = EngineOptions.test.with { $0.drain = .seconds(20) }
            let engine = try DurableEngine(database: database.configuration, workflows: [program], options: options)
            let running = Task { try await engine.run() }
            try await engine.waitUntilReady()
            _ = try await engine.start(Plain<Int>.self, id: "a")
            try await reached.wait()
            running.cancel()
            try await eventually("the engine shuts down") { !engine.isReady }
            held.open()
            try await running.value
            let result = try await database.withEngine([program]) { engine in
                try await engine.handle(Plain<Int>.self, id: "a").result()
            }
            #expect(result == 2)
        }
        #expect(runs.value == 1, "its end was worth waiting for")
    }

    @Test func `readiness fails with what made the engine fail`() async throws {
        let engine = try DurableEngine(
            database: PostgresConfiguration("host=127.0.0.1 port=1 dbname=shop user=shop"),
            workflows: []
        )
        #expect(!engine.isReady)
        async let ready = failure { try await engine.waitUntilReady() }
        let thrown = try #require(await failure { try await engine.run() } as? DurableError)
        #expect(thrown.code == .databaseUnavailable)
        #expect(thrown.message.contains("127.0.0.1"))
        #expect(thrown.message.contains("port 1"))
        #expect(thrown.message.contains("refused"))
        #expect((await ready as? DurableError)?.message == thrown.message)
        let start = try #require(await failure { try await engine.start(Other.self) } as? DurableError)
        #expect(start.message == thrown.message)
    }

    @Test func `an engine that was not started, or has ended, says so`() async throws {
        try await withDatabase { database in
            let engine = try DurableEngine(database: database.configuration, workflows: [Other()])
            let idle = try #require(await failure { try await engine.start(Other.self) } as? DurableError)
            #expect(idle.code == .notRunning)
            #expect(idle.message.contains("the engine was not started: give it to a ServiceGroup"))
            let running = Task { try await engine.run() }
            try await engine.waitUntilReady()
            #expect(engine.isReady)
            running.cancel()
            try await running.value
            let stopped = try #require(await failure { try await engine.start(Other.self) } as? DurableError)
            #expect(stopped.code == .notRunning)
            #expect(stopped.message == "the engine has been shut down")
            #expect(await failure { try await engine.waitUntilReady() } is DurableError)
            let again = try #require(await failure { try await engine.run() } as? DurableError)
            #expect(again.message == "an engine runs once: make another one")
        }
    }

    @Test func `waiting for readiness ends with the task that waits`() async throws {
        let engine = try DurableEngine(workflows: [])
        let waiting = Task { try await engine.waitUntilReady() }
        waiting.cancel()
        #expect(await failure { try await waiting.value } is CancellationError)
    }

    @Test func `what does not fit in memory is queued, and runs when there is room`() async throws {
        let held = Gate()
        let running = Counter()
        let program = Program<Int, Int> { input, workflow in
            try await workflow.step("work") { _ in
                running.next()
                try await held.wait()
                return input
            }
        }
        try await withEngine([program], .test.with { $0.maxInMemory = 2 }) { engine, database in
            var handles: [WorkflowHandle<Int>] = []
            for input in 0..<6 {
                handles.append(try await engine.start(Program<Int, Int>.self, input, id: "w-\(input)"))
            }
            try await eventually("two run") { running.value == 2 }
            // Which two: a start that comes while a claim is under way may be left to the next one.
            let states = try await database.rows("SELECT state::text FROM durable.live ORDER BY state::text DESC")
            #expect(states == ["running", "running", "queued", "queued", "queued", "queued"])
            held.open()
            for (input, handle) in handles.enumerated() { #expect(try await handle.result() == input) }
        }
        #expect(running.value == 6)
    }

    @Test func `a claim that is under way leaves no room to those who start meanwhile`() async throws {
        let held = Gate()
        let program = Program<Int, Int> { input, workflow in
            try await workflow.step("work") { _ in
                try await held.wait()
                return input
            }
        }
        try await withEngine([program], .test.with { $0.maxInMemory = 2 }) { engine, database in
            let locker = try await PostgresConnection.connect(database.configuration)
            defer { locker.close() }
            // Only claims read it.
            let lock = "LOCK TABLE durable.queue IN ACCESS EXCLUSIVE MODE"
            let waiting =
                "SELECT count(*)::text FROM pg_locks WHERE NOT granted AND relation = 'durable.queue'::regclass"
            try await locker.execute("BEGIN")
            try await locker.execute(Query(lock))
            try await eventually("a claim waits") { try await database.text(waiting) == "1" }
            var handles: [WorkflowHandle<Int>] = []
            for input in 0..<6 {
                handles.append(try await engine.start(Program<Int, Int>.self, input, id: "w-\(input)"))
            }
            try await locker.execute("COMMIT")
            try await eventually("two run") {
                try await database.text("SELECT count(*)::text FROM durable.live WHERE state = 'running'") >= "2"
            }
            // Granted when every claim that had begun is over.
            try await locker.execute("BEGIN")
            try await locker.execute(Query(lock))
            let states = try await database.rows("SELECT state::text FROM durable.live ORDER BY state::text DESC")
            #expect(states == ["running", "running", "queued", "queued", "queued", "queued"])
            try await locker.execute("COMMIT")
            held.open()
            for (input, handle) in handles.enumerated() { #expect(try await handle.result() == input) }
        }
    }

    @Test func `a workflow of a name that nobody here offers is left for others, and that is said once`() async throws {
        let logs = Recorder<String>()
        try await withDatabase { database in
            try await database.withEngine([Plain { _, _ in 1 }], logs: logs) { engine in
                let handle = try await engine.start(Other.self, id: "b")
                #expect(handle.isNew)
                _ = try await engine.start(Other.self, id: "c")
                try await eventually("it is said") { logs.all.contains { $0.contains("recovery.not_offered") } }
                // The next looks find them as well.
                for id in 0..<3 { try await engine.start(Plain<Int>.self, id: "\(id)").result() }
                #expect(try await handle.status().state == .queued)
            }
            let said = logs.all.filter { $0.contains("recovery.not_offered") }
            #expect(said.count == 1)
            #expect(said.first?.hasPrefix("notice") == true)
            #expect(said.first?.contains("other") == true)
            let result = try await database.withEngine([Other()]) { engine in
                try await engine.handle(Other.self, id: "b").result()
            }
            #expect(result == "other")
        }
    }

    @Test func `a workflow of a higher version waits for code that resumes it`() async throws {
        struct Second: Workflow {
            static var name: String { "versioned" }
            static var version: Int { 2 }
            func run(_ input: Nothing, in workflow: WorkflowContext) async throws -> Int { Self.version }
        }
        struct First: Workflow {
            static var name: String { "versioned" }
            func run(_ input: Nothing, in workflow: WorkflowContext) async throws -> Int { Self.version }
        }
        let logs = Recorder<String>()
        try await withDatabase { database in
            try await database.withEngine([Second()], logs: logs) { engine in
                let handle = try await engine.start(First.self, id: "a")
                #expect(try await engine.start(Second.self, id: "b").result() == 2)
                try await eventually("it is said") { logs.all.contains { $0.contains("recovery.not_offered") } }
                #expect(try await handle.status().version == 1)
            }
            let result = try await database.withEngine([First()]) { try await $0.handle(First.self, id: "a").result() }
            #expect(result == 1)
        }
    }
}

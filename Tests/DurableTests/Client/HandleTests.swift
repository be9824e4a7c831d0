// SPDX-License-Identifier: Apache-2.0

import DurableTesting
import Libpq
import Testing

@testable import Durable

@Suite struct HandleTests {
    @Test func `a result is awaited from a client and from another engine`() async throws {
        let program = Program<String, String> { input, workflow in
            if input == "fails" { throw CardRefused(reason: "expired") }
            return try await workflow.step("greet") { _ in "hello \(input)" }
        }
        try await withDatabase { database in
            let client = try DurableClient(database: database.configuration, poll: .milliseconds(50))
            defer { client.shutdown() }
            let early = try await client.start(Program<String, String>.self, "world", id: "a")
            #expect(early.isNew)
            #expect(try await early.status().state == .queued)
            #expect(try await early.result(within: .milliseconds(20)) == nil, "nobody runs it yet")
            try await database.withEngine([Other()]) { elsewhere in
                let there = Task { try await elsewhere.handle(Program<String, String>.self, id: "a").result() }
                try await database.withEngine([program]) { engine in
                    let here = try await engine.handle(Program<String, String>.self, id: "a")
                    #expect(try await early.result() == "hello world")
                    #expect(try await there.value == "hello world")
                    #expect(try await here.result() == "hello world")
                    let failing = try await client.start(Program<String, String>.self, "fails")
                    #expect(
                        await failure { try await failing.result() } as? CardRefused == CardRefused(reason: "expired")
                    )
                }
            }
            #expect(try await early.result(within: .seconds(60)) == "hello world", "long after its engine has gone")
            #expect(try await early.status().state == .succeeded)
        }
    }

    @Test func `an id that nobody has started is an error that names it`() async throws {
        try await withEngine([Other()]) { engine, database in
            let handle = try await engine.handle(Other.self, id: "nobody")
            for error in [
                await failure { try await handle.result() }, await failure { try await handle.status() },
                await failure { try await handle.result(within: .seconds(60)) },
            ] {
                let error = try #require(error as? DurableError)
                #expect(error.code == .workflowNotFound)
                #expect(error.message == "no workflow has the id \"nobody\"")
            }
        }
    }

    @Test func `a task that is cancelled while it waits ends, and the workflow goes on`() async throws {
        let held = Gate()
        let reached = Gate()
        let program = Plain { _, workflow in
            try await workflow.step("work") { _ in
                reached.open()
                try await held.wait()
                return 1
            }
        }
        try await withEngine([program]) { engine, database in
            let client = try DurableClient(database: database.configuration)
            defer { client.shutdown() }
            let handle = try await engine.start(Plain<Int>.self, id: "a")
            let waits = [
                Task { try await handle.result() },
                Task { try await client.handle(Plain<Int>.self, id: "a").result() },
                Task { try await handle.result(within: .seconds(600)) ?? 0 },
            ]
            try await reached.wait()
            for wait in waits { wait.cancel() }
            for wait in waits { #expect(await failure { try await wait.value } is CancellationError) }
            #expect(try await handle.status().state == .running)
            held.open()
            #expect(try await handle.result() == 1)
            let late = Task {
                withUnsafeCurrentTask { $0?.cancel() }
                return try await handle.result()
            }
            #expect(await failure { try await late.value } is CancellationError, "cancelled before it asks")
        }
    }

    @Test func `many tasks await many workflows`() async throws {
        let program = Program<Int, Int> { input, workflow in try await workflow.step("work") { _ in input } }
        try await withEngine([program]) { engine, database in
            let client = try DurableClient(database: database.configuration, poll: .milliseconds(50))
            defer { client.shutdown() }
            let sum = try await withThrowingTaskGroup(of: Int.self) { group in
                for input in 0..<200 {
                    group.addTask {
                        let starter = try await engine.start(Program<Int, Int>.self, input, id: "w-\(input)")
                        async let here = starter.result()
                        async let there = client.handle(Program<Int, Int>.self, id: "w-\(input)").result()
                        let (first, second) = try await (here, there)
                        return first == second ? first : -1_000_000
                    }
                }
                return try await group.reduce(0, +)
            }
            #expect(sum == 199 * 100)
        }
    }

    @Test func `whoever waits when the client or the engine stops is told so`() async throws {
        try await withDatabase { database in
            let client = try DurableClient(database: database.configuration)
            let handle = try await client.start(Other.self, id: "a")
            let wait = Task { try await handle.result() }
            // Whether it waits by then or comes later makes no difference.
            for _ in 0..<50 { await Task.yield() }
            client.shutdown()
            let error = try #require(await failure { try await wait.value } as? DurableError)
            #expect(error.code == .notRunning)
            #expect(await failure { try await handle.result() } is DurableError)
        }
    }

    @Test(arguments: [Duration.zero, .seconds(-5)])
    func `a wait that may take no time asks all the same, and ends`(limit: Duration) async throws {
        try await withDatabase { database in
            let client = try DurableClient(database: database.configuration)
            defer { client.shutdown() }
            let handle = try await client.start(Other.self, id: "a")
            #expect(try await handle.result(within: limit) == nil)
        }
    }

    @Test func `a wait may be as long as it likes`() async throws {
        try await withEngine([Other()]) { engine, _ in
            let handle = try await engine.start(Other.self, id: "a")
            #expect(try await handle.result(within: .seconds(Int64.max)) == "other")
        }
    }
}

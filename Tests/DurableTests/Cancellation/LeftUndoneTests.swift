// SPDX-License-Identifier: Apache-2.0

import DurableTesting
import Testing

@testable import Durable

/// Workflows whose code no longer knows what they have recorded, and that somebody wants to be rid of.
@Suite struct LeftUndoneTests {
    private typealias Code = @Sendable (Nothing, WorkflowContext) async throws -> Nothing

    /// Steps of these names, each with an undo, then a long sleep.
    private static func steps(_ names: [String], _ undone: Recorder<String> = Recorder()) -> Code {
        { _, workflow in
            for name in names {
                try await workflow.step(name) { _ in
                    name
                } undo: { value, _ in
                    undone.record(value ?? "nil")
                }
            }
            try await workflow.sleep(for: .seconds(86_400))
            return Nothing()
        }
    }

    /// Runs the first program until it sleeps, and deploys the second one over it.
    private func deploy(
        _ old: any Workflow,
        _ new: any Workflow,
        start: (DurableEngine) async throws -> Void,
        _ body: (DurableEngine, TestDatabase) async throws -> Void
    ) async throws {
        try await withDatabase { database in
            try await database.withEngine([old], .replaying) { engine in
                try await start(engine)
                try await database.waitFor(.waiting, of: "a")
            }
            try await database.withEngine([new], .replaying) { try await body($0, database) }
        }
    }

    private func message(of database: TestDatabase) async throws -> String {
        try await database.text("SELECT error ->> 'message' FROM durable.outcome WHERE workflow_id = 'a'")
    }

    private func messageOfCancelled<Output>(_ handle: WorkflowHandle<Output>) async throws -> String {
        let error = await #expect(throws: DurableError.self) { try await handle.result() }
        #expect(error?.code == .workflowCancelled)
        return error?.message ?? ""
    }

    @Test func `one that is paused as diverged is cancelled: what its code knows is undone, the rest is named`()
        async throws
    {
        let undone = Recorder<String>()
        try await self.deploy(
            Plain(Self.steps(["reserve", "charge", "ship"])),
            Plain(Self.steps(["reserve", "pay", "ship"], undone)),
            start: { _ = try await $0.start(Plain<Nothing>.self, id: "a") },
            { engine, database in
                let handle = try await engine.handle(Plain<Nothing>.self, id: "a")
                try await database.execute("UPDATE durable.live SET run_at = '2001-01-01'")
                try await database.waitFor(.paused, of: "a")
                #expect(try await handle.status().reason == .diverged)
                #expect(try await handle.cancel(reason: "sold") == .requested)
                #expect(
                    try await self.messageOfCancelled(handle) == """
                        the workflow was cancelled: sold; not undone, since its code does not know what it has recorded: \
                        charge (position 1), ship (position 2)
                        """
                )
                #expect(undone.all == ["reserve"])
                #expect(try await handle.status().state == .cancelled)
                try await eventually("the request is gone") {
                    try await database.text("SELECT count(*)::text FROM durable.cancellation") == "0"
                }
            }
        )
    }

    @Test func `one whose code has diverged unseen is paused when it is cancelled, and ends when asked again`()
        async throws
    {
        let undone = Recorder<String>()
        try await self.deploy(
            Plain(Self.steps(["reserve", "charge"])),
            Plain(Self.steps(["reserve"], undone)),
            start: { _ = try await $0.start(Plain<Nothing>.self, id: "a") },
            { engine, database in
                let handle = try await engine.handle(Plain<Nothing>.self, id: "a")
                try await handle.cancel(reason: "no")
                try await database.waitFor(.paused, of: "a")
                let status = try await handle.status()
                #expect(status.reason == .diverged)
                #expect(
                    status.error?.message.contains(
                        "or cancel it once more: then it ends, and what this code cannot undo stays as it is"
                    ) == true,
                    "\(status.error?.message ?? "")"
                )
                #expect(undone.all.isEmpty, "nobody has said that what is left may stay")
                try await handle.cancel(reason: "I know")
                #expect(
                    try await self.messageOfCancelled(handle) == """
                        the workflow was cancelled: no; not undone, since its code does not know what it has recorded: \
                        charge (position 1)
                        """
                )
                #expect(undone.all == ["reserve"])
            }
        )
    }

    @Test func `one whose input cannot be read ends too, and a step whose result cannot be read is named`() async throws
    {
        let program = Program<Int, Nothing> { _, workflow in
            try await workflow.step("count") { _ in 7 }
            try await workflow.sleep(for: .seconds(86_400))
            return Nothing()
        }
        try await self.deploy(
            program,
            Program<String, Nothing> { _, _ in Nothing() },
            start: { _ = try await $0.start(Program<Int, Nothing>.self, 1, id: "a") },
            { engine, database in
                try await database.execute("UPDATE durable.live SET run_at = '2001-01-01'")
                try await database.waitFor(.paused, of: "a")
                try await engine.cancel("a", reason: "old")
                let handle = try await engine.handle(Program<String, Nothing>.self, id: "a")
                #expect(
                    try await self.messageOfCancelled(handle).hasSuffix(
                        "old; not undone, since its code does not know what it has recorded: count (position 0)"
                    )
                )
            }
        )
        let undone = Recorder<String>()
        let reads = Program<Int, Nothing> { _, workflow in
            try await workflow.step("first") { _ in
            } undo: { _ in
                undone.record("first")
            }
            _ = try await workflow.step("count") { _ in
                "seven"
            } undo: { value, _ in
                undone.record(value ?? "nil")
            }
            return Nothing()
        }
        let wrote = Program<Int, Nothing> { _, workflow in
            try await workflow.step("first") { _ in }
            try await workflow.step("count") { _ in 7 }
            try await workflow.sleep(for: .seconds(86_400))
            return Nothing()
        }
        try await self.deploy(
            wrote,
            reads,
            start: { _ = try await $0.start(Program<Int, Nothing>.self, 1, id: "a") },
            { engine, database in
                try await database.execute("UPDATE durable.live SET run_at = '2001-01-01'")
                try await database.waitFor(.paused, of: "a")
                let handle = try await engine.handle(Program<Int, Nothing>.self, id: "a")
                #expect(try await handle.status().reason == .undecodable)
                try await handle.cancel()
                _ = try await self.messageOfCancelled(handle)
                #expect(
                    try await self.message(of: database)
                        == "not undone, since its code does not know what it has recorded: count (position 1)"
                )
                #expect(
                    undone.all == ["nil", "first"],
                    "a step of which nobody can read what it has done is undone so"
                )
            }
        )
    }

    @Test func `one that had failed, and whose code has changed since, ends as cancelled`() async throws {
        let undone = Recorder<String>()
        func program(_ fails: Bool) -> Plain<Nothing> {
            Plain<Nothing> { _, workflow in
                try await workflow.step("one", undoRetry: .never) { _ in
                } undo: { _ in
                    if fails { throw Outage() }
                    undone.record("one")
                }
                if fails { throw CardRefused(reason: "empty") }
                try await workflow.sleep(for: .seconds(86_400))
                return Nothing()
            }
        }
        try await withDatabase { database in
            try await database.withEngine([program(true)], .replaying) { engine in
                _ = try await engine.start(Plain<Nothing>.self, id: "a")
                try await database.waitFor(.paused, of: "a")
            }
            try await database.withEngine([program(false)], .replaying) { engine in
                let operations = try await engine.operations
                try await operations.resume("a")
                let handle = try await engine.handle(Plain<Nothing>.self, id: "a")
                try await eventually("the changed code is seen") { try await handle.status().reason == .diverged }
                try await handle.cancel(reason: "leave it")
                #expect(try await self.messageOfCancelled(handle) == "the workflow was cancelled: leave it")
                #expect(undone.all == ["one"])
            }
        }
    }

    @Test func `killing it ends it at once, and nothing is undone`() async throws {
        let undone = Recorder<String>()
        try await self.deploy(
            Plain(Self.steps(["reserve", "charge"])),
            Plain(Self.steps(["reserve"], undone)),
            start: { _ = try await $0.start(Plain<Nothing>.self, id: "a") },
            { engine, database in
                try await database.execute("UPDATE durable.live SET run_at = '2001-01-01'")
                try await database.waitFor(.paused, of: "a")
                let operations = try await engine.operations
                try await operations.kill("a", reason: "enough")
                let handle = try await engine.handle(Plain<Nothing>.self, id: "a")
                #expect(try await self.messageOfCancelled(handle) == "the workflow was cancelled: enough")
                #expect(undone.all.isEmpty)
            }
        )
    }
}

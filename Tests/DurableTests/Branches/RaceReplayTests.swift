// SPDX-License-Identifier: Apache-2.0

import DurableTesting
import Testing

@testable import Durable

/// A race that was won, and whose end was lost in a crash.
@Suite struct RaceReplayTests {
    @Test(.notReplayed("it counts the runs"))
    func `what a loser had recorded and is not come to again is no divergence`()
        async throws
    {
        let entries = Counter()
        let deep = Counter()
        let program = Plain { _, workflow in
            let winner = try await workflow.race(
                { branch in
                    try await branch.step("fast") { _ in
                        while deep.value == 0 { try await Task.sleep(for: .milliseconds(1)) }
                        return "fast"
                    }
                },
                { branch in
                    // The second time it is given up before it comes to anything.
                    if entries.next() == 2 { while !Task.isCancelled { await Task.yield() } }
                    return try await branch.parallel { inner in
                        try await inner.step("deep") { _ in }
                        // By now that is durable.
                        try await inner.step("deeper") { _ in _ = deep.next() }
                        return try await inner.receive(String.self, "never")
                    }
                }
            )
            return winner + (try await workflow.receive(String.self, "go"))
        }
        try await withEngine([program]) { engine, database in
            let handle = try await engine.start(Plain<String>.self, id: "a")
            try await database.waitFor(.waiting, of: "a")
            #expect(try await database.text("SELECT count(*)::text FROM durable.journal WHERE name = 'deep'") == "1")
            try await database.execute("DELETE FROM durable.journal WHERE kind = 4")
            try await engine.signal("a", "go", "!")
            let result = try await handle.result(within: .seconds(60))
            #expect(result == "fast!")
            #expect(try await database.text("SELECT count(*)::text FROM durable.journal WHERE kind = 4") == "1")
        }
    }

    @Test(.notReplayed("it counts how often a branch is entered"))
    func `what a loser had done and is not come to again is undone all the same`() async throws {
        let entries = Counter()
        let cancelled = Recorder<String>()
        let program = Plain<Nothing> { _, workflow in
            try await Self.win(in: workflow) { branch in
                // The second time it is given up before it comes to anything.
                if entries.next() == 2 { while !Task.isCancelled { await Task.yield() } }
                _ = try await branch.step("book") { _ in
                    "seat 7"
                } undo: { seat, _ in
                    cancelled.record(seat ?? "?")
                }
            }
            _ = try await workflow.receive(String.self, "go")
            throw Refused()
        }
        try await withEngine([program], .replaying) { engine, database in
            let handle = try await engine.start(Plain<Nothing>.self, id: "a")
            try await database.waitFor(.waiting, of: "a")
            // As if the process had died between the record of the winner and that of the race.
            try await database.execute("DELETE FROM durable.journal WHERE kind = 4")
            try await engine.signal("a", "go", "!")
            let error = await failure { try await handle.result() }
            #expect((error as? DurableError)?.code == .workflowFailed)
            #expect(cancelled.all == ["seat 7"])
            let undone = try await database.text("SELECT count(*)::text FROM durable.journal WHERE name = 'undo book'")
            #expect(undone == "1")
        }
    }

    @Test func `a child that only a loser has started ends with its parent, which fails in a later run`() async throws {
        let parent = Plain<Nothing> { _, workflow in
            try await Self.win(in: workflow) { _ = try await $0.start(Resize.self, 1) }
            _ = try await workflow.receive(String.self, "go")
            throw Refused()
        }
        let child = Resize { number, workflow in
            try await workflow.sleep(for: .seconds(3_600))
            return number
        }
        try await withEngine([parent, child], .replaying) { engine, database in
            let handle = try await engine.start(Plain<Nothing>.self, id: "a")
            try await database.waitFor(.waiting, of: "a")
            try await engine.signal("a", "go", "!")
            let error = await failure { try await handle.result() }
            #expect((error as? DurableError)?.code == .workflowFailed)
            let ids = try await database.rows("SELECT id FROM durable.workflows WHERE parent = 'a'")
            let follower = try await engine.handle(Resize.self, id: try #require(ids.first))
            let ended = await failure { try await follower.result(within: .seconds(60)) }
            #expect((ended as? DurableError)?.code == .workflowCancelled)
        }
    }

    /// A race that the other branch loses, once what it does is durable.
    private static func win(
        in workflow: WorkflowContext,
        against loser: @escaping @Sendable @concurrent (WorkflowContext) async throws -> Void
    ) async throws {
        let isDone = Counter()
        _ = try await workflow.race(
            { branch in
                try await branch.step("fast") { _ in
                    while isDone.value == 0 { try await Task.sleep(for: .milliseconds(1)) }
                    return Nothing()
                }
            },
            { branch in
                try await loser(branch)
                try await branch.step("tell") { _ in isDone.next() }
                return try await branch.receive(Nothing.self, "never")
            }
        )
    }
}

private struct Refused: Error {}

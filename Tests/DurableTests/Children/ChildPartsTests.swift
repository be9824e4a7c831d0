// SPDX-License-Identifier: Apache-2.0

import DurableTesting
import Testing

@testable import Durable

/// Many children of one call are started in several commits, and some end before the others are there.
@Suite struct ChildPartsTests {
    @Test func `children whose turn comes last get it, though all before them have ended while they were started`()
        async throws
    {
        let parent = Plain<Int> { _, workflow in
            let results = try await workflow.children(Resize.self, Array(0..<600), maxConcurrent: 512)
            return try results.reduce(0) { try $0 + $1.get() }
        }
        try await withDatabase { database in
            var options = EngineOptions.test
            options.interceptors = [PartByPart(database: database)]
            try await database.withEngine([parent, Resize { number, _ in number }], options) { engine in
                let handle = try await engine.start(Plain<Int>.self, id: "a")
                #expect(try await handle.result() == 600 * 599 / 2)
                for table in ["live", "child_group", "ended_child"] {
                    #expect(try await database.text("SELECT count(*)::text FROM durable.\(table)") == "0", "\(table)")
                }
            }
        }
    }

    @Test(.notReplayed("it counts the wake-ups of the parent"))
    func `that none was left for a moment does not wake a parent that waits for the others`() async throws {
        let runs = Counter()
        let parent = Plain<Int> { _, workflow in
            runs.next()
            let results = try await workflow.children(Resize.self, [1, 2])
            return try results.reduce(0) { try $0 + $1.get() }
        }
        let child = Resize { number, workflow in
            _ = try await workflow.receive(String.self, "go")
            return number
        }
        try await withEngine([parent, child], .replaying) { engine, database in
            let handle = try await engine.start(Plain<Int>.self, id: "a")
            for id in ["a", "a/0/0", "a/0/1"] { try await database.waitFor(.waiting, of: id) }
            try await database.execute(
                "INSERT INTO durable.inbox (workflow_id, kind, name) VALUES ('a', 'child', 'a/0')"
            )
            try await eventually("the old news is taken") {
                try await database.text("SELECT count(*)::text FROM durable.inbox") == "0"
            }
            let due = try await database.text("SELECT run_at::text FROM durable.live WHERE workflow_id = 'a'")
            #expect(due == "infinity")
            for id in ["a/0/0", "a/0/1"] { try await engine.signal(id, "go", "!") }
            #expect(try await handle.result() == 3)
            #expect(runs.value == 2, "one wake-up")
        }
    }
}

/// Starts the next children when none of the former could go on.
private struct PartByPart: Interceptor {
    let database: TestDatabase
    private let started = Recorder<Int>()

    init(database: TestDatabase) { self.database = database }

    func child(_ call: ChildCall, _ passage: Passage) async {
        let before = self.started.all.reduce(0, +)
        self.started.record(call.childIDs.count)
        do {
            try await eventually("what was started has ended, or waits for its turn") {
                try await self.database.text(
                    """
                    SELECT ((SELECT count(*) FROM durable.workflow WHERE parent IS NOT NULL) = \(before)
                        AND NOT EXISTS (SELECT FROM durable.live WHERE parent IS NOT NULL AND run_at < 'infinity')
                        AND NOT EXISTS (SELECT FROM durable.ended_child))::text
                    """
                ) == "true"
            }
        } catch {
            Issue.record(error)
        }
        await passage.proceed()
    }
}

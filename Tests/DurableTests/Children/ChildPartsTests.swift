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

    /// Of the first two parts everybody ends, and one of each fails; the children of the last wait for ever.
    private static let failing = Resize { number, workflow in
        if number == 0 || number == 512 { throw TooLarge(size: number) }
        if number >= 1_024 { _ = try await workflow.receive(String.self, "go") }
        return number
    }
    private static let tolerant = Plain<String> { _, workflow in
        do {
            _ = try await workflow.children(Resize.self, Array(0..<1_100), tolerate: .count(1))
            return "all ended well"
        } catch let error as StepFailure {
            return error.message
        }
    }
    private static let refusal = " of 1100 children resize did not succeed; 1 are tolerated"
    private static let cancelled = """
        SELECT count(*)::text FROM durable.outcome WHERE workflow_id >= 'a/0/1024' AND status = 'cancelled'
        """

    @Test func `failures count, and cancel, though nobody of the group was left when they did`() async throws {
        try await withDatabase { database in
            var options = EngineOptions.test
            options.interceptors = [PartByPart(database: database)]
            try await database.withEngine([Self.tolerant, Self.failing], options) { engine in
                let handle = try await engine.start(Plain<String>.self, id: "a")
                let said = try await handle.result()
                #expect(said.hasSuffix(Self.refusal), "\(said)")
                #expect(try await database.text(Self.cancelled) == "76")
                for table in ["live", "child_group", "ended_child"] {
                    #expect(try await database.text("SELECT count(*)::text FROM durable.\(table)") == "0", "\(table)")
                }
            }
        }
    }

    @Test func `a parent that is interrupted while it starts a group remembers who has failed`() async throws {
        try await withDatabase { database in
            let reached = Gate()
            var options = EngineOptions.test
            options.interceptors = [PartByPart(database: database, until: reached)]
            try await database.withEngine([Self.tolerant, Self.failing], options) { engine in
                _ = try await engine.start(Plain<String>.self, id: "a")
                try await reached.wait()
            }
            let group = "SELECT ended || ' ended, ' || failed || ' failed, open: ' || is_open FROM durable.child_group"
            #expect(try await database.text(group) == "512 ended, 1 failed, open: true")
            options.interceptors = [PartByPart(database: database)]
            try await database.withEngine([Self.tolerant, Self.failing], options) { engine in
                let handle = try await engine.handle(Plain<String>.self, id: "a")
                let said = try await handle.result()
                #expect(said.hasSuffix(Self.refusal), "\(said)")
                #expect(try await database.text(Self.cancelled) == "76")
            }
            #expect(try await database.text("SELECT count(*)::text FROM durable.child_group") == "0")
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
    /// Opened where the second part is due, which is then not started while the engine lives.
    let until: Gate?
    private let started = Recorder<Int>()

    init(database: TestDatabase, until: Gate? = nil) {
        self.database = database
        self.until = until
    }

    func child(_ call: ChildCall, _ passage: Passage) async {
        let before = self.started.all.reduce(0, +)
        self.started.record(call.childIDs.count)
        do {
            try await eventually("what was started has ended, or waits for its turn") {
                try await self.database.text(
                    """
                    SELECT ((SELECT count(*) FROM durable.workflow WHERE parent IS NOT NULL) >= \(before)
                        AND NOT EXISTS (SELECT FROM durable.live WHERE parent IS NOT NULL AND run_at < 'infinity')
                        AND NOT EXISTS (SELECT FROM durable.ended_child))::text
                    """
                ) == "true"
            }
        } catch {
            Issue.record(error)
        }
        if before > 0, let until {
            until.open()
            try? await Gate().wait()
        }
        await passage.proceed()
    }
}

// SPDX-License-Identifier: Apache-2.0

import DurableTesting
import Libpq
import Logging
import Testing

@testable import Durable

@Suite struct StartTests {
    private typealias Echo = Program<[String: Int], [String: Int]>

    private let echo = Echo { input, workflow in
        try await workflow.step("echo") { _ in input }
    }

    /// Calls the body with the two ways of starting: through an engine, and through a client.
    private func withStarters(
        _ body: (
            _ start:
                @escaping @Sendable ([String: Int], String?, DuplicatePolicy) async throws -> WorkflowHandle<
                    [String: Int]
                >,
            TestDatabase
        ) async throws -> Void
    ) async throws {
        try await withDatabase { database in
            try await database.withEngine([self.echo, Other()]) { engine in
                try await body({ try await engine.start(Echo.self, $0, id: $1, onDuplicate: $2) }, database)
            }
        }
        try await withDatabase { database in
            try await database.withEngine([self.echo, Other()]) { _ in
                let client = try DurableClient(database: database.configuration, poll: .milliseconds(50))
                defer { client.shutdown() }
                try await body({ try await client.start(Echo.self, $0, id: $1, onDuplicate: $2) }, database)
            }
        }
    }

    @Test func `an id started again with the same input is the same workflow`() async throws {
        try await self.withStarters { start, database in
            let first = try await start(["a": 1, "b": 2, "c": 3], "w", .compareInput)
            #expect(first.isNew)
            #expect(try await first.result() == ["a": 1, "b": 2, "c": 3])
            // A dictionary has no order: it is compared as canonical JSON.
            for _ in 0..<5 {
                let again = try await start(
                    Dictionary(uniqueKeysWithValues: [("c", 3), ("b", 2), ("a", 1)].shuffled()),
                    "w",
                    .compareInput
                )
                #expect(!again.isNew)
                #expect(try await again.result() == ["a": 1, "b": 2, "c": 3])
            }
            #expect(try await database.text("SELECT count(*)::text FROM durable.workflow") == "1")
            #expect(try await database.text("SELECT count(*)::text FROM durable.journal") == "1")
        }
    }

    @Test func `an id started again with another input is a conflict, and nothing changes`() async throws {
        try await self.withStarters { start, database in
            try await start(["a": 1], "w", .compareInput).result()
            let error = try #require(await failure { try await start(["a": 2], "w", .compareInput) } as? DurableError)
            #expect(error.code == .workflowConflict)
            #expect(
                error.message == """
                    the id "w" was started before with another input. Start another id, or say \
                    `onDuplicate: .returnExisting` where the first input counts
                    """
            )
            #expect(try await database.text("SELECT input::text FROM durable.workflow") == #"{"a":1}"#)
            let existing = try await start(["a": 2], "w", .returnExisting)
            #expect(!existing.isNew)
            #expect(try await existing.result() == ["a": 1], "the first input counts")
        }
    }

    @Test func `an id of another workflow is a conflict whatever the policy`() async throws {
        try await withEngine([self.echo, Other()]) { engine, database in
            try await engine.start(Other.self, id: "w").result()
            for policy in [DuplicatePolicy.compareInput, .returnExisting] {
                let error = try #require(
                    await failure { try await engine.start(Echo.self, [:], id: "w", onDuplicate: policy) }
                        as? DurableError
                )
                #expect(error.code == .workflowConflict)
                #expect(
                    error.message == """
                        the id "w" belongs to a workflow "other"; it cannot be started as "program". \
                        Choose ids that begin with the name of their workflow
                        """
                )
            }
            #expect(try await database.rows("SELECT name FROM durable.workflow") == ["other"])
            #expect(try await database.text("SELECT count(*)::text FROM durable.live") == "0")
        }
    }

    @Test func `a hundred starts of one id at once are one workflow`() async throws {
        try await self.withStarters { start, database in
            let new = try await withThrowingTaskGroup(of: Bool.self) { group in
                for _ in 0..<100 { group.addTask { try await start(["a": 1], "w", .compareInput).isNew } }
                return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
            }
            #expect(new == 1)
            #expect(try await database.text("SELECT count(*)::text FROM durable.workflow") == "1")
        }
    }

    @Test func `a start or enqueue of an id that another transaction has started waits until that has ended`()
        async throws
    {
        try await self.withStarters { start, database in
            try await self.expectWaiting(in: database) { try await start(["a": 1], $0, .compareInput).isNew }
        }
        try await withDatabase { database in
            try await database.withEngine([self.echo]) { engine in
                try await self.expectWaiting(in: database) {
                    try await engine.enqueue(Echo.self, ["a": 1], id: $0).isNew
                }
            }
        }
    }

    /// Expects that a start waits for a transaction that has started its id, and is new only if that has come to nothing.
    private func expectWaiting(
        in database: TestDatabase,
        for start: @escaping @Sendable (String) async throws -> Bool
    ) async throws {
        for (id, end, isNew) in [("kept", "COMMIT", false), ("dropped", "ROLLBACK", true)] {
            let other = try await PostgresConnection.connect(database.configuration)
            defer { other.close() }
            try await other.execute("BEGIN")
            try await other.execute("SELECT durable.enqueue('program', '{\"a\": 1}', \(id))")
            async let isStarted = start(id)
            // It has given up waiting for the lock and tried again: more than one statement has met the lock.
            let tries = Recorder<String>()
            try await eventually("it waits, and waits again") {
                let begun = try await database.text(
                    """
                    SELECT coalesce(max(query_start)::text, '') FROM pg_stat_activity
                    WHERE datname = current_database() AND wait_event_type = 'Lock'
                    """
                )
                if !begun.isEmpty { tries.record(begun) }
                return Set(tries.all).count > 1
            }
            try await other.execute(Query(end))
            #expect(try await isStarted == isNew)
        }
        #expect(try await database.text("SELECT count(*)::text FROM durable.workflow") == "2")
    }

    @Test func `two processes that start one id at once run it once`() async throws {
        let runs = Counter()
        let program = Program<Int, Int> { input, workflow in
            try await workflow.step("count") { _ in runs.next() + input }
        }
        try await withDatabase { database in
            try await database.withEngine([program]) { first in
                try await database.withEngine([program]) { second in
                    for round in 0..<20 {
                        async let one = first.start(Program<Int, Int>.self, 100, id: "w\(round)")
                        async let other = second.start(Program<Int, Int>.self, 100, id: "w\(round)")
                        let handles = try await (one, other)
                        #expect(handles.0.isNew != handles.1.isNew)
                        let results = try await (handles.0.result(), handles.1.result())
                        #expect(results.0 == results.1)
                    }
                }
            }
            #expect(runs.value == 20)
        }
    }

    @Test func `workflows without an id of the caller's get ids that sort by time`() async throws {
        try await self.withStarters { start, _ in
            var ids: [String] = []
            for _ in 0..<5 { ids.append(try await start([:], nil, .compareInput).id) }
            #expect(Set(ids).count == 5)
            #expect(ids == ids.sorted())
        }
    }

    @Test(
        arguments: [
            ("", "The workflow id is empty."),
            (String(repeating: "é", count: 257), "has 514 bytes; the limit is 512."),
            ("a\0b", "contains U+0000."),
        ]
    )
    func `an id that cannot be one is refused in words, and nothing is started`(id: String, words: String) async throws
    {
        try await self.withStarters { start, database in
            let error = try #require(await failure { try await start([:], id, .compareInput) } as? DurableError)
            #expect(error.code == .invalidArgument)
            #expect(error.message.contains(words))
            #expect(try await database.text("SELECT count(*)::text FROM durable.workflow") == "0")
        }
    }

    @Test func `ids of any other text and of the greatest length work to the end`() async throws {
        let ids = [
            String(repeating: "é", count: 256), "a/b[0]@1 %?'\"\\ \u{1F469}\u{200D}\u{1F680}\n", "\u{7F}", "e\u{301}",
            "é",
        ]
        try await self.withStarters { start, database in
            for id in ids {
                let result = try await start(["a": 1], id, .compareInput).result()
                #expect(result == ["a": 1])
            }
            #expect(
                Set(try await database.rows("SELECT id FROM durable.workflow")).count == 4,
                "Swift finds two of them equal"
            )
            #expect(try await database.text("SELECT count(*)::text FROM durable.workflow") == "5")
        }
    }

    @Test func `who waits for long for a stranger's uncommitted start of an id says so, once and with the id`()
        async throws
    {
        try await withDatabase { database in
            let logs = Recorder<String>()
            let client = try DurableClient(database: database.configuration, logger: Logger(recordingTo: logs))
            defer { client.shutdown() }
            let stranger = try await PostgresConnection.connect(database.configuration)
            try await stranger.execute("BEGIN")
            try await stranger.execute("INSERT INTO durable.workflow (id, name, version) VALUES ('w', 'w', 1)")
            let start = Task { try await client.start(Echo.self, ["a": 1], id: "w") }
            let said = { logs.all.filter { $0.hasPrefix("info: workflow.locked") } }
            try await eventually("it is said") { !said().isEmpty }
            #expect(said()[0].contains("[\"workflow.id\": w]"))
            // It is tried again, and nothing more is said.
            for expected in ["0", "1", "0"] {
                try await eventually("it waits for the stranger (\(expected))") {
                    try await database.text(
                        """
                        SELECT least(count(*), 1)::text FROM pg_locks JOIN pg_stat_activity USING (pid)
                        WHERE NOT granted AND locktype = 'transactionid' AND datname = current_database()
                        """
                    ) == expected
                }
            }
            #expect(said().count == 1)
            try await stranger.execute("ROLLBACK")
            let handle = try await start.value
            #expect(handle.isNew)
        }
    }
}

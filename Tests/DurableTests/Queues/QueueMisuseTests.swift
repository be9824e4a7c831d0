// SPDX-License-Identifier: Apache-2.0

import DurableTesting
import Libpq
import Testing

@testable import Durable

/// Bad input: words that name it, and nothing changed.
@Suite struct QueueMisuseTests {
    private let program = Program<Int, Int> { input, _ in input }

    @Test func `options that make no sense are refused in words`() throws {
        for (queues, words) in [
            ([WorkflowQueue("q", concurrency: 0)], "the concurrency of queue \"q\" must be from 1"),
            ([WorkflowQueue("q", concurrency: -1)], "it is -1"),
            ([WorkflowQueue("q", concurrencyPerProcess: 1 << 40)], "the concurrency per process of queue \"q\""),
            ([WorkflowQueue("")], "The queue name is empty."),
            ([WorkflowQueue("a\nb")], "contains the control character U+000A"),
            ([WorkflowQueue(String(repeating: "q", count: 129))], "has 129 bytes; the limit is 128"),
            ([WorkflowQueue("q"), WorkflowQueue("q")], "queue \"q\" is declared twice"),
        ] {
            let error = #expect(throws: DurableError.self) {
                try DurableEngine(workflows: [self.program], options: .test.with { $0.queues = queues })
            }
            #expect(error?.message.contains(words) == true, "\(String(describing: error))")
        }
    }

    @Test func `an enqueue that cannot be is refused in words, and nothing is started`() async throws {
        try await withEngine([self.program]) { engine, database in
            func options(_ change: (inout EnqueueOptions) -> Void) -> EnqueueOptions {
                var options = EnqueueOptions()
                change(&options)
                return options
            }
            for (options, words) in [
                (options { $0.queue = "nobody's" }, "there is no queue \"nobody's\""),
                (options { $0.queue = "" }, "The queue name is empty."),
                (options { $0.priority = 101 }, "must be from -100 to 100; it is 101"),
                (options { $0.priority = -101 }, "must be from -100 to 100; it is -101"),
                (options { $0.delay = .seconds(-1) }, "is negative"),
                (options { $0.delay = .seconds(101 * 366 * 86_400) }, "is more than 100 years"),
            ] {
                let one = await #expect(throws: DurableError.self) {
                    try await engine.enqueue(Program<Int, Int>.self, 1, id: "a", options: options)
                }
                let many = await #expect(throws: DurableError.self) {
                    try await engine.enqueueAll(Program<Int, Int>.self, [1, 2], options: options)
                }
                for error in [one, many] {
                    #expect(error?.code == .invalidArgument)
                    #expect(error?.message.contains(words) == true, "\(String(describing: error))")
                }
            }
            let counts = await #expect(throws: DurableError.self) {
                try await engine.enqueueAll(Program<Int, Int>.self, [1, 2], ids: ["a"])
            }
            #expect(counts?.message == "There are 1 ids for 2 inputs.")
            try await engine.enqueue(Other.self, Nothing(), id: "other")
            let conflict = await #expect(throws: DurableError.self) {
                try await engine.enqueue(Program<Int, Int>.self, 1, id: "other")
            }
            #expect(conflict?.code == .workflowConflict)
            #expect(try await database.text("SELECT string_agg(id, ' ') FROM durable.workflow") == "other")
            #expect(try await database.text("SELECT count(*)::text FROM durable.live") == "1")
        }
    }

    @Test func `the functions refuse what makes no sense, and nothing is changed`() async throws {
        try await withTestDatabase { database in
            for (sql, words) in [
                ("durable.set_queue('q', -1)", "the concurrency of queue \"q\" must be 0 or more, not -1"),
                (
                    "durable.set_queue('q', 1, -2)",
                    "the concurrency per process of queue \"q\" must be 0 or more, not -2"
                ),
                ("durable.set_queue('', 1)", "the queue name is empty"),
                ("durable.set_queue(NULL, 1)", "the queue name is empty"),
                ("durable.set_queue(repeat('q', 129), 1)", "the queue name has 129 bytes; the limit is 128"),
                ("durable.set_queue(E'a\\nb', 1)", "the queue name contains a control character"),
                ("durable.set_queue('q', 1, reason => '')", "the reason is empty"),
                ("durable.declare_queue('q', -1, NULL)", "must be 0 or more, not -1"),
                ("durable.enqueue('w', queue => 'q')", "there is no queue \"q\""),
                ("durable.enqueue('w', queue => NULL)", "the queue name is empty"),
                ("durable.enqueue('w', queue => '''; DROP TABLE durable.live; --')", "there is no queue \"'; DROP"),
                (
                    "durable.enqueue('w', priority => 101)",
                    "the priority of workflow \"w\" must be from -100 to 100, not 101"
                ),
                ("durable.enqueue('w', priority => NULL)", "must be from -100 to 100"),
                ("durable.enqueue('w', delay => '-1s')", "must be between 0 and 100 years, not -00:00:01"),
                ("durable.enqueue('w', delay => '101 years')", "must be between 0 and 100 years"),
                ("durable.enqueue_all('w', ARRAY['1']::json[], queue => 'q')", "there is no queue \"q\""),
                ("durable.enqueue_all('w', ARRAY['1']::json[], priority => -101)", "must be from -100 to 100"),
                ("durable.enqueue_all('w', ARRAY['1']::json[], ARRAY['a', 'b'])", "there are 2 ids for 1 inputs"),
                ("durable.enqueue_all('', ARRAY['1']::json[])", "the workflow name is empty"),
            ] {
                await expectRefusal("22023", words, of: sql) { try await database.rows("SELECT (\(sql))::text") }
            }
            let queues = try await database.text("SELECT string_agg(name, ' ') FROM durable.queue")
            let rows = try await database.text(
                "SELECT concat_ws('/', (SELECT count(*) FROM durable.workflow), (SELECT count(*) FROM durable.audit))"
            )
            #expect(queues == "default" && rows == "0/0")
        }
    }

    @Test func `a reader sees the queues and may change none; an operator may`() async throws {
        try await withTestDatabase { database in
            try await withRole(database, "GRANT durable_reader TO") { configuration in
                let reader = try await PostgresConnection.connect(configuration)
                defer { reader.close() }
                #expect(try await reader.strings("SELECT name FROM durable.queues", []) == ["default"])
                await reader.expectForbidden([
                    "SELECT durable.set_queue('q', 1)", "SELECT durable.declare_queue('q', 1, 1)",
                    "SELECT durable.reset_queue('default')",
                ])
            }
            try await withRole(database, "GRANT durable_operator TO") { configuration in
                let person = try await PostgresConnection.connect(configuration)
                defer { person.close() }
                try await person.execute("SELECT durable.set_queue('q', 1, reason => 'slow')")
                try await person.execute("SELECT durable.enqueue('w', queue => 'q')")
                try await person.execute("SELECT durable.enqueue_all('w', ARRAY['1']::json[], queue => 'q')")
                #expect(
                    try await person.strings("SELECT queued::text FROM durable.queues WHERE name = 'q'", []) == ["2"]
                )
            }
        }
    }
}

// SPDX-License-Identifier: Apache-2.0

import DurableMacros
import DurableTesting
import TestSupport
import Testing

@Suite struct DeclarationTests {
    @Test func `annotated functions of every kind run once, and are replayed`() async throws {
        try await withTestDatabase { database in
            let connection = try await PostgresConnection.connect(database.configuration)
            defer { connection.close() }
            try await connection.execute("CREATE TABLE note (text text)")
            let calls = Counted.calls.value
            let everything = Everything()
            let seen = try await database.withEngine([everything], .replaying) { engine in
                try await engine.start(Everything.self, "world", id: "a").result()
            }
            #expect(
                seen == [
                    "hello world", "p 1 tea", "[3, 4, 5]", "[1, 2]", "9", "7", "3", "3", "counted x", "counted too",
                    "true", "nil", "3", "8", "2", "odd", "even", "MACHINE: job", "a machine", "3", "bread", "own",
                    "extended", "own pinned",
                ]
            )
            // Everything before the sleep was recorded, by its name, and nothing of it ran twice.
            #expect(
                try await database.steps(of: "a") == [
                    "|greet|step", "|noted|transaction", "|Library.plain|step", "|Library.labelled|step",
                    "|Library.generic|step", "|Library.opaque|step", "|Library.fixed|step", "|Library.repeat|step",
                    "|Library.discardable|step", "|Library.recent|step", "|Library.counted|step",
                    "|Library.countedToo|transaction", "|Library.onMain|step", "|Library.nothing|step",
                    "|Library.maybe|step", "|Library.unchecked|step", "|Library.inlined|step", "|Library.pack|step",
                    "|Parity.of|step", "|Parity.name|step", "|LoudMachine.run|step", "|Machine.kind|step",
                    "|Till.add|step", "|Till.book|transaction", "|Baker.bake|step", "|own|step", "|extended|step",
                    "|parallel|join", "|sleep|sleep", "parallel@27[0]|own|step", "parallel@27[1]|pinned|step",
                ]
            )
            #expect(try await database.rows("SELECT text FROM note ORDER BY text") == ["a note", "booked 3"])
            #expect(Counted.calls.value == calls + 2)
            // Fingerprints: where there are inputs, unless they are ignored.
            let unchecked = try await database.rows(
                """
                SELECT name FROM durable.journal
                WHERE workflow_id = 'a' AND kind IN (1, 2) AND phase = 0 AND scope = '' AND fingerprint IS NULL
                ORDER BY position
                """
            )
            #expect(
                unchecked == [
                    "Library.fixed", "Library.discardable", "Library.recent", "Library.countedToo", "Library.onMain",
                    "Library.nothing", "Library.unchecked", "Parity.name", "Machine.kind", "Baker.bake", "own",
                    "extended",
                ]
            )
        }
    }

    @Test(arguments: [
        (0, "refused: declared"), (1, "refused: typed"), (2, "failure of type DurableMacrosTests.Unmentioned"),
    ])
    func `what a step throws is caught live and on replay alike`(_ which: Int, _ expected: String) async throws {
        try await withTestDatabase { database in
            let caught = try await database.withEngine([Failing()], .replaying) { engine in
                try await engine.start(Failing.self, which, id: "a").result()
            }
            #expect(caught == expected)
        }
    }

    @Test func `run takes no input, one or several, and returns something or nothing`() async throws {
        let counter = Counter()
        try await withTestDatabase { database in
            let workflows: [any Workflow] = [
                Silent(done: counter), Several(), Labelled(), Consuming(seen: counter), Outer.Inner<Int>.only, Said(),
            ]
            try await database.withEngine(workflows, .replaying) { engine in
                _ = try await engine.start(Silent.self, id: "silent").result()
                #expect(counter.value == 1)
                let several = try await engine.start(Several.self, .init(Order(), for: "Ann"), id: "several")
                #expect(try await several.result() == "Ann: 2 x tea")
                let labelled = try await engine.start(Labelled.self, Order(sku: "milk"), id: "labelled")
                #expect(try await labelled.result() == "milk")
                _ = try await engine.start(Consuming.self, Order(), id: "consuming").result()
                #expect(counter.value == 2)
                #expect(try await engine.start(Outer.Inner<Int>.self, 4, id: "inner").result() == [4, 4])
                #expect(try await engine.start(Said.self, 4, id: "said").result() == 5)
            }
            #expect(
                try await database.rows(
                    "SELECT id || ' ' || name || ' ' || coalesce(input::text, 'NULL') FROM durable.workflow ORDER BY id"
                ) == [
                    #"consuming Consuming {"quantity":1,"sku":"tea"}"#, "inner inner 4",
                    #"labelled Labelled {"quantity":1,"sku":"milk"}"#, "said said 4",
                    #"several Several {"customer":"Ann","order":{"quantity":1,"sku":"tea"},"times":2}"#,
                    "silent silent NULL",
                ]
            )
        }
    }

    @Test func `what a workflow declares is what the database is told`() async throws {
        #expect(Everything.name == "everything")
        #expect(Everything.version == 2)
        #expect(Everything.resumes == 1...2)
        #expect(Failing.name == "Failing")
        #expect(Failing.version == 1)
        #expect(
            Everything.declaredSteps == [StepDescription("own", kind: .step), StepDescription("pinned", kind: .step)]
        )
        #expect(Failing.declaredSteps == [])
        try await withTestDatabase { database in
            try await database.withEngine([Everything(), Failing()]) { _ in }
            #expect(
                try await database.rows(
                    "SELECT (workflows -> 0)::text FROM durable.executor UNION ALL SELECT (workflows -> 1)::text FROM durable.executor"
                ) == [
                    """
                    {"name": "everything", "steps": [{"kind": "step", "name": "own"}, {"kind": "step", "name": "pinned"}], \
                    "versions": [1, 2]}
                    """,
                    #"{"name": "Failing", "versions": [1]}"#,
                ]
            )
        }
    }
}

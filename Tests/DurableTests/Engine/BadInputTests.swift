// SPDX-License-Identifier: Apache-2.0

import DurableTesting
import Foundation
import Libpq
import Testing

@testable import Durable

@Suite struct BadInputTests {
    /// Runs a program that fails, and returns its words; what the body of a step did is told by `effects`.
    private func words<Output: Codable & Sendable>(
        _ options: EngineOptions = .test,
        journal: [String] = [],
        sourceLocation: SourceLocation = #_sourceLocation,
        _ body: @escaping @Sendable (Nothing, WorkflowContext) async throws -> Output
    ) async throws -> String {
        try await withEngine([Plain(body)], options, sourceLocation: sourceLocation) { engine, database in
            let handle = try await engine.start(Plain<Output>.self, id: "a")
            let error = try #require(
                await failure { try await handle.result() } as? DurableError,
                sourceLocation: sourceLocation
            )
            #expect(error.code == .workflowFailed, sourceLocation: sourceLocation)
            #expect(try await database.journal(of: "a") == journal, sourceLocation: sourceLocation)
            #expect(try await handle.status().state == .failed, sourceLocation: sourceLocation)
            return error.message
        }
    }

    @Test(
        arguments: [
            ("", "The step name is empty."),
            (String(repeating: "n", count: 129), "has 129 bytes; the limit is 128."),
            ("a\0b", "contains the control character U+0000."),
        ]
    )
    func `a name that cannot be one is refused in words, before the step runs`(name: String, words: String) async throws
    {
        let said = try await self.words { _, workflow in
            try await workflow.step(name) { _ in Issue.record("the step runs") }
            return 1
        }
        #expect(said.contains(words))
        let transaction = try await self.words { _, workflow in
            try await workflow.transaction(name) { _ in Issue.record("the transaction runs") }
            return 1
        }
        #expect(transaction.contains(words.replacing("step", with: "transaction")))
    }

    @Test(arguments: ["", "a/b", "undo", "a[0]"])
    func `a scope whose name cannot be part of a path is refused in words`(name: String) async throws {
        let said = try await self.words { _, workflow in
            try await workflow.scope(name) { _ in Issue.record("the scope is entered") }
            return 1
        }
        #expect(said.contains("The scope name"))
    }

    /// Opens so many scopes in one another, and takes a step in the deepest.
    private static func nest(_ depth: Int, _ name: String, in workflow: WorkflowContext) async throws -> Int {
        if depth == 0 { return try await workflow.step("deep") { _ in 42 } }
        return try await workflow.scope(name) { try await Self.nest(depth - 1, name, in: $0) }
    }

    @Test func `200 scopes deep works, also after a replay`() async throws {
        let runs = Counter()
        let program = Plain { _, workflow in
            runs.next()
            let value = try await Self.nest(200, "s", in: workflow)
            try await workflow.sleep(for: .milliseconds(30))
            return value
        }
        try await withEngine([program], .replaying) { engine, database in
            let id = String(repeating: "i", count: 512)
            let value = try await engine.start(Plain<Int>.self, id: id).result()
            #expect(value == 42)
            #expect(try await database.text("SELECT count(*)::text FROM durable.journal WHERE name = 'deep'") == "1")
        }
        #expect(runs.value >= 2)
    }

    @Test func `201 scopes deep, or a path that is too long, is refused in words`() async throws {
        let deep = try await self.words { _, workflow in try await Self.nest(201, "s", in: workflow) }
        #expect(deep.contains("A scope is nested 201 levels deep; the limit is 200. Its path begins with \"s@0/s@0/"))
        let long = try await self.words { _, workflow in
            try await Self.nest(100, String(repeating: "n", count: 30), in: workflow)
        }
        #expect(long.contains("bytes; the limit is 1800. Shorter names help."))
    }

    @Test func `the longest path and id that are allowed fit into the index`() async throws {
        let program = Plain { _, workflow in
            // 13 levels of 128 + 2 bytes and a slash are 1,702; one more of 95 + 2 makes 1,800.
            func deeper(_ level: Int, _ workflow: WorkflowContext) async throws -> Int {
                if level == 14 { return try await workflow.step(String(repeating: "x", count: 128)) { _ in 1 } }
                // Text without repetition, so that nothing is saved by compression.
                let length = level == 13 ? 95 : 128
                var random = SplitMix64(state: UInt64(level))
                let name = String(
                    (0..<length).map { _ in "abcdefghijklmnopqrstuvwxyz0123456789".randomElement(using: &random) ?? "x"
                    }
                )
                return try await workflow.scope(name) { try await deeper(level + 1, $0) }
            }
            return try await deeper(0, workflow)
        }
        try await withEngine([program]) { engine, database in
            var random = SplitMix64(state: 99)
            let id = String(
                (0..<512).map { _ in "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789".randomElement(using: &random) ?? "X" }
            )
            let value = try await engine.start(Plain<Int>.self, id: id).result(within: .seconds(60))
            #expect(value == 1)
            #expect(try await database.text("SELECT octet_length(scope)::text FROM durable.journal") == "1800")
        }
    }

    @Test(arguments: [Double.nan, .infinity, -.infinity])
    func `a number that JSON cannot write names the step and its path`(number: Double) async throws {
        struct Quote: Codable {
            var prices: [String: [Double]]
        }
        let runs = Counter()
        let said = try await self.words(journal: ["|0|0|quote"]) { _, workflow in
            try await workflow.step("quote", retry: .immediately(attempts: 5)) { _ in
                runs.next()
                return Quote(prices: ["eur": [1, number]])
            }
        }
        #expect(said.contains("result of step \"quote\""))
        #expect(said.contains("prices.eur[1]"))
        #expect(runs.value == 1, "doing the work again would not help")
        let transaction = try await self.words(journal: ["|0|0|quote"]) { _, workflow in
            try await workflow.transaction("quote") { transaction in
                try await transaction.execute("CREATE TABLE effect (id int)")
                return Quote(prices: ["eur": [1, number]])
            }
        }
        #expect(transaction.contains("result of transaction \"quote\""))
        let result = try await self.words { _, _ in Quote(prices: ["eur": [number]]) }
        #expect(result.contains("result of workflow program"))
        #expect(result.contains("prices.eur[0]"))
    }

    @Test func `an input that JSON cannot write is refused before anything is started`() async throws {
        let program = Program<[Double], Int> { _, _ in 1 }
        try await withEngine([program]) { engine, database in
            let error = try #require(
                await failure { try await engine.start(Program<[Double], Int>.self, [.nan]) } as? DurableError
            )
            #expect(error.code == .unencodable)
            #expect(error.message.contains("input of workflow program"))
            #expect(error.message.contains("[0]"))
            #expect(try await database.text("SELECT count(*)::text FROM durable.workflow") == "0")
        }
    }

    @Test func `a payload over the limit names its size and the limit`() async throws {
        let options = EngineOptions.test.with { $0.payloadLimit = 1_000 }
        let said = try await self.words(options, journal: ["|0|0|large"]) { _, workflow in
            try await workflow.step("large") { _ in String(repeating: "x", count: 2_000) }
        }
        #expect(said.contains("The result of step \"large\" is 1.9 KiB (2002 bytes) of JSON; the limit is 1000 bytes"))
        let program = Program<String, Int> { _, _ in 1 }
        try await withEngine([program], options) { engine, database in
            let input = String(repeating: "x", count: 2_000)
            let error = try #require(
                await failure { try await engine.start(Program<String, Int>.self, input) } as? DurableError
            )
            #expect(error.code == .unencodable)
            #expect(error.message.contains("the limit is 1000 bytes"))
            #expect(try await database.text("SELECT count(*)::text FROM durable.workflow") == "0")
        }
    }

    @Test func `two workflows of one name are refused when the engine is made`() throws {
        let error = try #require(throws: DurableError.self) {
            try DurableEngine(workflows: [Other(), Plain { _, _ in 1 }, Other()])
        }
        #expect(error.code == .invalidConfiguration)
        #expect(error.message == "two workflows are called \"other\"; give one of them another name")
    }

    @Test func `options that make no sense are refused in words`() throws {
        let cases: [((inout EngineOptions) -> Void, String)] = [
            ({ $0.journalConnections = 0 }, "the journal needs at least one connection; it has 0"),
            ({ $0.transactionConnections = 0 }, "transaction steps need at least one connection; they have 0"),
            ({ $0.lease = .milliseconds(5) }, "the lease must be longer than 100 ms"),
            ({ $0.poll = .zero }, "the poll interval must be positive"),
            ({ $0.hold = .seconds(-1) }, "the hold must not be negative"),
            ({ $0.drain = .seconds(-1) }, "the drain time must not be negative"),
            ({ $0.drain = .seconds(Int64.max) }, "the drain time must not be longer than a year"),
            ({ $0.poll = .seconds(Int64.max) }, "the poll interval must not be longer than a year"),
            ({ $0.requestDeadline = .zero }, "the deadline of requests must be positive"),
            ({ $0.maxInMemory = 0 }, "at least one workflow must fit in memory; the limit is 0"),
            ({ $0.payloadLimit = 0 }, "the payload limit must be positive"),
            ({ $0.recoveries = 0 }, "the number of recoveries must be from 1 to 32767; it is 0"),
            ({ $0.retry.attempts = 0 }, "A retry policy needs at least one attempt; it has 0"),
            ({ $0.schema = "" }, "schema"),
        ]
        for (change, words) in cases {
            let error = try #require(throws: DurableError.self) {
                try DurableEngine(workflows: [], options: EngineOptions.test.with(change))
            }
            #expect(error.message.contains(words))
        }
        #expect(throws: DurableError.self) { try DurableClient(connections: 0) }
        #expect(throws: DurableError.self) { try DurableClient(poll: .zero) }
        #expect(throws: DurableError.self) { try DurableClient(poll: .seconds(Int64.max)) }
    }

    @Test func `names and versions of workflows are checked when the engine is made`() throws {
        struct Nameless: Workflow {
            static var name: String { "" }
            func run(_ input: Nothing, in workflow: WorkflowContext) async throws -> Int { 1 }
        }
        struct Zero: Workflow {
            static var version: Int { 0 }
            func run(_ input: Nothing, in workflow: WorkflowContext) async throws -> Int { 1 }
        }
        struct Gap: Workflow {
            static var version: Int { 3 }
            static var resumes: ClosedRange<Int> { 1...2 }
            func run(_ input: Nothing, in workflow: WorkflowContext) async throws -> Int { 1 }
        }
        struct Hasty: Workflow {
            static var timeout: Duration? { .seconds(-1) }
            func run(_ input: Nothing, in workflow: WorkflowContext) async throws -> Int { 1 }
        }
        let cases: [(any Workflow, String)] = [
            (Nameless(), "The workflow name is empty."),
            (Zero(), "the version of workflow Zero is 0; it must be a small number from 1 on"),
            (Gap(), "workflow Gap declares version 3 and resumes 1...2, which must contain it"),
            (Hasty(), "The duration of the timeout of workflow Hasty is negative"),
        ]
        for (workflow, words) in cases {
            let error = try #require(throws: DurableError.self) { try DurableEngine(workflows: [workflow]) }
            #expect(error.message.contains(words))
        }
    }
}

// SPDX-License-Identifier: Apache-2.0

import DurableTesting
import Libpq
import TemporaryPostgres
import Testing

@testable import Durable

/// What a workflow keeps when it begins anew.
@Suite struct ContinuationTests {
    @Test(arguments: waysToWait)
    func `messages that nobody has received are received by the next of the chain, in order and once`(
        options: EngineOptions
    ) async throws {
        let program = Program<[Int], [Int]> { seen, workflow in
            guard seen.count < 5 else { return seen }
            let next = try await workflow.receive(Int.self, "n")
            try await workflow.continueAsNew(Program<[Int], [Int]>.self, seen + [next])
        }
        try await withEngine([program], options) { engine, database in
            let handle = try await engine.start(Program<[Int], [Int]>.self, [], id: "a")
            for number in 1...5 { try await engine.signal("a", "n", number) }
            #expect(try await handle.result() == [1, 2, 3, 4, 5])
            #expect(try await database.text("SELECT count(*)::text FROM durable.message") == "0")
        }
    }

    @Test func `what was recorded on the way to a new beginning whose commit got no reply stands in no journal`()
        async throws
    {
        let program = Program<Bool, [Int]> { isSecond, workflow in
            guard isSecond else {
                // Nobody waits for these: they share a commit.
                for number in 0..<6 { try await workflow.publish("value", number) }
                try await workflow.continueAsNew(Program<Bool, [Int]>.self, true)
            }
            var numbers: [Int] = []
            for number in 0..<6 { numbers.append(try await workflow.step("second") { _ in number }) }
            return numbers
        }
        let folder = try #require(try await TemporaryPostgres.shared().folder, "a server whose socket is known")
        try await withDatabase { database in
            let statement = "continue_as_new"
            let proxy = try CommitProxy(
                to: "\(folder)/.s.PGSQL.5432",
                marker: statement,
                commit: statement,
                at: .afterCommit
            )
            defer { proxy.stop() }
            var configuration = PostgresConfiguration(database.connectionString + " host='\(proxy.folder)'")
            configuration.statementCache = .disabled
            let result = try await database.withEngine([program], configuration: configuration) { engine in
                try await engine.start(Program<Bool, [Int]>.self, false, id: "a").result(within: .seconds(60))
            }
            #expect(proxy.broken.value == 1, "the connection broke at the new beginning")
            #expect(result == [0, 1, 2, 3, 4, 5])
            #expect(try await database.text("SELECT version::text FROM durable.published") == "6")
            #expect(try await database.text("SELECT count(*)::text FROM durable.journal WHERE kind <> 16") == "6")
        }
    }

    @Test func `children go on, and follow the chain when it is cancelled`() async throws {
        let program = Program<Int, Nothing> { round, workflow in
            try await workflow.start(Resize.self, round)
            if round < 3 { try await workflow.continueAsNew(Program<Int, Nothing>.self, round + 1) }
            return try await workflow.receive(Nothing.self, "never")
        }
        let child = Resize { _, workflow in try await workflow.receive(Int.self, "never") }
        try await withEngine([program, child], .replaying) { engine, database in
            let handle = try await engine.start(Program<Int, Nothing>.self, 1, id: "a")
            try await database.waitFor(.waiting, of: "a")
            try await eventually("its children wait") {
                try await database.text("SELECT count(*)::text FROM durable.live WHERE state = 'waiting'") == "4"
            }
            try await handle.cancel(reason: "enough")
            try await eventually("all of them have ended") {
                try await database.text("SELECT count(*)::text FROM durable.outcome WHERE status = 'cancelled'") == "4"
            }
        }
    }
}

// SPDX-License-Identifier: Apache-2.0

import DurableTesting
import Foundation
import Testing

@testable import Durable

@Suite struct TokenTests {
    private static let asking = Program<Int?, String?> { milliseconds, workflow in
        let token = try await workflow.token(Approval.self, "approval")
        try await workflow.publish("token", token.id)
        guard let milliseconds else { return try await workflow.value(of: token).by }
        return try await workflow.value(of: token, within: .milliseconds(milliseconds))?.by
    }

    private static func token(_ engine: DurableEngine, _ id: String) async throws -> String {
        try #require(try await engine.value(PublishedValue<String>("token"), of: id, within: .seconds(60)))
    }

    @Test(arguments: waysToWait)
    func `the first completion wins, and later ones are told so`(options: EngineOptions) async throws {
        try await withEngine([Self.asking], options) { engine, database in
            let handle = try await engine.start(Program<Int?, String?>.self, nil, id: "a")
            let token = try await Self.token(engine, "a")
            #expect(token.utf8.count == 46)
            if options.hold == .zero { try await database.waitFor(.waiting, of: "a") }
            async let one = engine.complete(token: token, with: Approval(by: "Ada"))
            async let two = engine.complete(token: token, with: Approval(by: "Bob"))
            let (first, second) = try await (one, two)
            #expect(first != second, "exactly one decides")
            #expect(try await handle.result() == (first ? "Ada" : "Bob"))
            let third = try await engine.fail(token: token, message: "too late")
            #expect(!third)
            let beat = try await engine.beat(token: token)
            #expect(!beat)
        }
    }

    @Test(arguments: waysToWait) func `a token that is failed throws, one that is over is nil and expired`(
        options: EngineOptions
    ) async throws {
        try await withEngine([Self.asking], options) { engine, database in
            let failing = try await engine.start(Program<Int?, String?>.self, nil, id: "failing")
            let token = try await Self.token(engine, "failing")
            try await database.execute("SELECT durable.fail_token('\(token)', 'no', 'denied')")
            let error = try #require(await failure { try await failing.result() } as? DurableError)
            #expect((error.underlying as? StepFailure)?.code == "denied")
            #expect((error.underlying as? StepFailure)?.message == "no")

            let late = try await engine.start(Program<Int?, String?>.self, 30, id: "late")
            let none = try await late.result()
            #expect(none == nil)
            let expired = try await Self.token(engine, "late")
            let isFirst = try await engine.complete(token: expired, with: Approval(by: "Ada"))
            #expect(!isFirst)
            #expect(try await database.text("SELECT state FROM durable.token WHERE workflow_id = 'late'") == "expired")
        }
    }

    @Test func `a holder that falls silent fails the token, one that says it is at work does not`() async throws {
        let program = Program<Int, String> { milliseconds, workflow in
            let token = try await workflow.token(Int.self, "work")
            try await workflow.publish("token", token.id)
            do {
                return "\(try await workflow.value(of: token, beat: .milliseconds(milliseconds)))"
            } catch let failure as StepFailure {
                return failure.code ?? ""
            }
        }
        try await withEngine([program], .replaying) { engine, _ in
            let silent = try await engine.start(Program<Int, String>.self, 100, id: "silent")
            #expect(try await silent.result() == "heartbeatLost")
            let lively = try await engine.start(Program<Int, String>.self, 20_000, id: "lively")
            let token = try await Self.token(engine, "lively")
            #expect(try await engine.beat(token: token))
            #expect(try await engine.complete(token: token, with: 7))
            #expect(try await lively.result() == "7")
        }
    }

    @Test func `an unknown token, and one of a finished workflow, are refused in words`() async throws {
        let program = Plain { _, workflow in try await workflow.token(Int.self, "unused").id }
        try await withEngine([program]) { engine, database in
            let token = try await engine.start(Plain<String>.self, id: "a").result()
            for (id, code, words) in [
                ("token-0", DurableError.Code.tokenNotFound, "there is no such token"),
                (
                    token, .workflowEnded,
                    "workflow \"a\" has ended (succeeded): it takes no completion of a token any more"
                ),
            ] {
                let error = try #require(
                    await failure { try await engine.complete(token: id, with: 1) } as? DurableError
                )
                #expect(error.code == code)
                #expect(error.message.contains(words), "\(error.message)")
            }
            #expect(try await database.text("SELECT state FROM durable.token") == "pending")
            #expect(try await database.text("SELECT count(*)::text FROM durable.inbox") == "0")
        }
    }
}

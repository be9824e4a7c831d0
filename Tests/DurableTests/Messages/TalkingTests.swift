// SPDX-License-Identifier: Apache-2.0

import DurableTesting
import Foundation
import Testing

@testable import Durable

extension Update where Request == Int, Response == Int {
    static let double = Update("double")
}

/// Published values, updates and streams.
@Suite struct TalkingTests {
    @Test func `a published value is read while the workflow runs and after it, and can be waited for`() async throws {
        let gate = Gate()
        let progress = PublishedValue<Int>("progress")
        let program = Plain { _, workflow in
            try await workflow.step("wait") { _ in try await gate.wait() }
            for percent in [10, 50] { try await workflow.publish(progress, percent) }
            try await workflow.sleep(for: .milliseconds(20))
            try await workflow.publish(progress, 100)
            return Nothing()
        }
        try await withEngine([program], .replaying) { engine, database in
            let handle = try await engine.start(Plain<Nothing>.self, id: "a")
            let none = try await engine.value(progress, of: "a")
            #expect(none == nil)
            async let first = engine.value(progress, of: "a", within: .seconds(60))
            gate.open()
            #expect([10, 50, 100].contains(try await first))
            try await handle.result()
            #expect(try await engine.value(progress, of: "a") == 100)
            let never = try await engine.value(PublishedValue<Int>("other"), of: "a", within: .seconds(600))
            #expect(never == nil, "it has ended: nobody publishes it any more")
            #expect(try await database.text("SELECT version::text FROM durable.published") == "3")
            let error = try #require(await failure { try await engine.value(progress, of: "nobody") } as? DurableError)
            #expect(error.code == .workflowNotFound)
            #expect(error.message == "no workflow has the id \"nobody\"")
        }
    }

    @Test func `a hundred who wait for a value all get it, and one who gives up disturbs none of them`() async throws {
        let gate = Gate()
        let progress = PublishedValue<Int>("progress")
        let program = Plain { _, workflow in
            try await workflow.step("wait") { _ in try await gate.wait() }
            try await workflow.publish(progress, 7)
            return Nothing()
        }
        try await withEngine([program]) { engine, _ in
            let handle = try await engine.start(Plain<Nothing>.self, id: "a")
            let waiting = (0..<100).map { _ in Task { try await engine.value(progress, of: "a", within: .seconds(60)) }
            }
            let late = Task { try await engine.value(progress, of: "a", within: .milliseconds(20)) }
            #expect(try await late.value == nil)
            waiting[50].cancel()
            _ = await waiting[50].result
            gate.open()
            try await handle.result()
            for (number, task) in waiting.enumerated() where number != 50 { #expect(try await task.value == 7) }
        }
    }

    @Test func `a stream of a workflow that nobody has started is refused in words`() async throws {
        try await withEngine([Other()]) { engine, _ in
            let error = try #require(
                await failure {
                    for try await _ in try await engine.stream(String.self, "text", of: "nobody") {}
                } as? DurableError
            )
            #expect(error.code == .workflowNotFound)
            #expect(error.message == "no workflow has the id \"nobody\"")
        }
    }

    @Test(arguments: waysToWait) func `an update is checked, answered once, and answered again under its id`(
        options: EngineOptions
    ) async throws {
        let program = Plain { _, workflow in
            var answers: [Int] = []
            while answers.count < 2 {
                let answer = try await workflow.answer(
                    .double,
                    validate: { if $0 < 0 { throw Outage(description: "negative") } },
                    { number, workflow in try await workflow.step("double") { _ in number * 2 } }
                )
                if let answer { answers.append(answer) }
            }
            return answers
        }
        try await withEngine([program], options) { engine, database in
            let handle = try await engine.start(Plain<[Int]>.self, id: "a")
            let limit = Duration.seconds(30)
            #expect(try await engine.update("a", .double, 4, id: "one", within: limit) == 8)
            #expect(try await engine.update("a", .double, 4, id: "one", within: limit) == 8)
            let refused = try #require(
                await failure { try await engine.update("a", .double, -1, id: "bad", within: limit) } as? DurableError
            )
            #expect(refused.code == .updateRefused)
            #expect(refused.message == "update double was refused: negative")
            #expect(try await engine.update("a", .double, 5, id: "two", within: limit) == 10)
            #expect(try await handle.result() == [8, 10])
            #expect(try await engine.update("a", .double, 4, id: "one", within: limit) == 8, "also after the end")
            let ended = try #require(
                await failure { try await engine.update("a", .double, 4, id: "three", within: limit) } as? DurableError
            )
            #expect(ended.code == .workflowEnded)
            #expect(try await database.text("SELECT count(*)::text FROM durable.update_request") == "3")
        }
    }

    @Test func `a workflow that ends without an answer says so to who waits for one`() async throws {
        let gate = Gate()
        let program = Plain { _, workflow in
            try await workflow.step("wait") { _ in try await gate.wait() }
            return 1
        }
        try await withEngine([program]) { engine, database in
            try await engine.start(Plain<Int>.self, id: "a")
            async let answer = failure { try await engine.update("a", .double, 4, id: "u", within: .seconds(60)) }
            try await eventually("it was asked") {
                try await database.text("SELECT count(*)::text FROM durable.update_request") == "1"
            }
            gate.open()
            let error = try #require(await answer as? DurableError)
            #expect(error.message == "workflow \"a\" has ended (succeeded) without an answer to update double")
        }
    }

    @Test(arguments: waysToWait)
    func `a stream shows each element once, in order, from any position, and closes with its workflow`(
        options: EngineOptions
    ) async throws {
        let program = Plain { _, workflow in
            try await workflow.append("begin", to: "text")
            try await workflow.step("write", retry: .constant(attempts: 3, delay: .zero)) { step in
                let stream = step.stream("text")
                for word in 0..<200 {
                    try stream.append("w\(word)")
                    // It breaks in the middle, and begins again.
                    if step.attempt < 3, word == 40 * step.attempt { throw Outage() }
                }
            }
            try await workflow.sleep(for: .milliseconds(20))
            try await workflow.append("end", to: "text")
            return Nothing()
        }
        try await withEngine([program], options) { engine, _ in
            let handle = try await engine.start(Plain<Nothing>.self, id: "a")
            var seen: [String] = []
            var positions: [Int64] = []
            for try await element in try await engine.stream(String.self, "text", of: "a") {
                seen.append(element.value)
                positions.append(element.position)
            }
            try await handle.result()
            #expect(seen == ["begin"] + (0..<200).map { "w\($0)" } + ["end"])
            var rest: [String] = []
            for try await element in try await engine.stream(String.self, "text", of: "a", after: positions[198]) {
                rest.append(element.value)
            }
            #expect(rest == ["w198", "w199", "end"])
        }
    }
}

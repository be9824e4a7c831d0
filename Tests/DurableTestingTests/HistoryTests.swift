// SPDX-License-Identifier: Apache-2.0

import Durable
import DurableTesting
import Foundation
import Testing

/// Greets in steps, branches and a sleep; today's code may differ.
struct Greeting: Workflow {
    static let name = "greeting"

    let world: World
    var verb = "greet"
    var extra = false
    var punctuation = "!"

    func run(_ who: String, in workflow: WorkflowContext) async throws -> String {
        let world = self.world
        let word = try await workflow.step("\(self.verb)") { _ in
            world.note("greet")
            return "hello \(who)"
        }
        let (a, b) = try await workflow.parallel(
            { branch in try await branch.step("left") { _ in "left" } },
            { branch in try await branch.step("right") { _ in "right" } }
        )
        try await workflow.sleep(for: .seconds(3600))
        if self.extra { try await workflow.step("extra") { _ in world.note("extra") } }
        return "\(word) \(a) \(b)\(self.punctuation) \(workflow.uuid())"
    }
}

@Suite struct HistoryTests {
    /// A history that ended, one that sleeps, one that failed.
    private func exports() async throws -> (ended: WorkflowExport, sleeping: WorkflowExport, failed: WorkflowExport) {
        let standIns = StandIns()
        standIns.step("confirm", .fails(with: Outage()))
        let options = EngineOptions.testing.withoutRetryDelays()
        let workflows: [any Workflow] = [Greeting(world: World()), Payment(world: World())]
        return try await withTestEngine(workflows, options: options, standIns: standIns) { test in
            try await test.start(Greeting.self, "ada", id: "g1")
            try await test.start(Payment.self, 3, id: "p")
            try await test.clock.advance(by: .seconds(4000))
            try await test.start(Greeting.self, "bob", id: "g2")
            try await test.wait(for: .waiting, of: "g2")
            try await test.wait(for: .failed, of: "p")
            let engine = try test.engine
            let client = try DurableClient(database: test.database.configuration)
            defer { client.shutdown() }
            return (
                try await engine.export("g1"), try await engine.export("g2"), try await client.export("p")
            )
        }
    }

    private func difference(_ export: WorkflowExport, _ workflow: any Workflow) async throws -> String {
        let error = await #expect(throws: TestFailure.self) { try await assertReplays(export, with: [workflow]) }
        return "\(error, default: "no error")"
    }

    @Test func `today's code follows what it has recorded, without an effect and without a database`() async throws {
        let (ended, sleeping, failed) = try await self.exports()
        #expect(ended.outcome?.status == "succeeded")
        #expect(sleeping.outcome == nil)
        let world = World()
        for export in [ended, sleeping] {
            let read = try WorkflowExport(json: export.json())
            #expect(read == export)
            try await assertReplays(read, with: [Greeting(world: world)])
        }
        try await assertReplays(failed, with: [Payment(world: world)])
        #expect(world.effects.isEmpty)
    }

    @Test func `a renamed step, a step too many and another result are told apart and explained`() async throws {
        let (ended, sleeping, _) = try await self.exports()
        for export in [ended, sleeping] {
            let words = try await self.difference(export, Greeting(world: World(), verb: "salute"))
            #expect(
                words.contains("the code calls step \"salute\" at position 0, where the history has step \"greet\"")
            )
            #expect(words.hasPrefix("DurableTestingTests/HistoryTests.swift:"))
        }
        var words = try await self.difference(ended, Greeting(world: World(), extra: true))
        #expect(
            words.contains(
                "it succeeded after what is recorded, and the code goes on with step \"extra\" at position 3"
            )
        )
        try await assertReplays(sleeping, with: [Greeting(world: World(), extra: true)])
        words = try await self.difference(ended, Greeting(world: World(), punctuation: "?"))
        #expect(words.contains("it returned \"hello ada left right! "))
        #expect(words.contains(", and with this code it returns \"hello ada left right? "))
        words = try await self.difference(ended, Naps(world: World()))
        #expect(words.contains("none of the workflows given is called \"greeting\""))
    }

    @Test func `a folder of histories is followed whole, and each file that is not is named`() async throws {
        let (ended, sleeping, failed) = try await self.exports()
        let folder = FileManager.default.temporaryDirectory.appending(path: "histories-\(UUID())")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try ended.json().write(to: folder.appending(path: "a.json"))
        try sleeping.json().write(to: folder.appending(path: "b.json"))
        try failed.json().write(to: folder.appending(path: "c.json"))
        let workflows: [any Workflow] = [Greeting(world: World()), Payment(world: World())]
        #expect(try await assertReplays(historiesIn: folder.path, with: workflows) == 3)

        try Data("{}".utf8).write(to: folder.appending(path: "d.json"))
        try Data("{\"format\": 7}".utf8).write(to: folder.appending(path: "e.json"))
        let error = await #expect(throws: TestFailure.self) {
            try await assertReplays(historiesIn: folder.path, with: [Greeting(world: World(), extra: true)])
        }
        let lines = "\(error, default: "none")".split(separator: "\n")
        #expect(lines.count == 4)
        #expect(lines.first?.contains("a.json cannot be followed: it succeeded after") == true)
        #expect(lines.contains { $0.hasPrefix("c.json cannot be followed: none of the workflows given is called") })
        #expect(
            lines.contains { $0.hasPrefix("d.json cannot be read: ") && $0.contains("this is no exported workflow") }
        )
        #expect(lines.contains { $0.hasPrefix("e.json cannot be read: ") && $0.contains("has the form 7") })
    }

    @Test func `an export of nothing is an error in words`() async throws {
        try await withTestEngine([Greeting(world: World())]) { test in
            let error = await #expect(throws: DurableError.self) { try await test.engine.export("nobody") }
            #expect("\(error, default: "none")".contains("no workflow has the id \"nobody\""))
        }
    }
}

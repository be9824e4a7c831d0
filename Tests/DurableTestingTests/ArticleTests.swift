// SPDX-License-Identifier: Apache-2.0

import Durable
import DurableTesting
import Foundation
import Testing

/// The code of the article that is not a test by itself.
@Suite struct ArticleTests {
    @Test func `a reminder goes out after three days`() async throws {
        let world = World()
        try await withTestEngine([Reminder(world: world)], clock: .skipping) { test in
            let answer = try await test.run(Reminder.self, "ada")
            #expect(answer == "reminded ada")
        }
        #expect(world.effects == ["welcome ada", "remind ada"])
    }

    @Test func `time is moved by hand`() async throws {
        try await withTestEngine([Reminder(world: World())]) { test in
            try await test.start(Reminder.self, "ada", id: "r")
            try await test.wait(for: .waiting, of: "r")
            try await test.clock.advance(by: .seconds(3 * 86_400))
            #expect(try await test.result(of: Reminder.self, "r") == "reminded ada")
        }
    }

    private func standIns() -> StandIns {
        let standIns = StandIns()
        standIns.step("charge", occurrence: 2, .fails(with: Outage(), times: 3))
        standIns.step("confirm", .timesOut(times: 1))
        return standIns
    }

    private func crash() async throws {
        try await assertSurvivesCrashes(
            of: Order(world: World()),
            input: ["pen", "ink"],
            observing: { $0.world.effects },
            prepare: Order.tables
        )
    }

    private func follow(_ folder: String) async throws {
        try await assertReplays(historiesIn: folder, with: [Greeting(world: World())])
    }

    @Test func `every Swift block of the article is code that compiles here`() throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let folder = URL(filePath: #filePath).deletingLastPathComponent()
        let code = try ["ArticleTests.swift", "XCTestExample.swift"].flatMap {
            try self.lines(of: folder.appending(path: $0))
        }
        let article = root.appending(path: "Sources/DurableTesting/DurableTesting.docc/TestingWorkflows.md")
        var blocks: [[String]] = []
        var block: [String]?
        for line in try self.lines(of: article) {
            if line == "```swift" {
                block = []
            } else if line == "```", let whole = block {
                blocks.append(whole)
                block = nil
            } else {
                block?.append(line)
            }
        }
        #expect(blocks.count == 6)
        for block in blocks {
            #expect(code.contains(block), "no code here contains\n\(block.joined(separator: "\n"))")
        }
    }

    private func lines(of file: URL) throws -> [String] {
        try String(contentsOf: file, encoding: .utf8).split(separator: "\n").map {
            $0.trimmingCharacters(in: .whitespaces)
        }.filter { !$0.isEmpty }
    }
}

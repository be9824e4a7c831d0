// SPDX-License-Identifier: Apache-2.0

import Durable
import DurableTesting
import Foundation
import Testing

/// The code of the article and of the comments: that of the article which is not a test by itself stands here.
@Suite struct ArticleTests {
    private let folder = URL(filePath: #filePath).deletingLastPathComponent()
    private var root: URL { self.folder.deletingLastPathComponent().deletingLastPathComponent() }

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
        let code = try ["ArticleTests.swift", "XCTestExample.swift"].flatMap {
            try self.lines(of: self.folder.appending(path: $0))
        }
        let article = self.root.appending(path: "Sources/DurableTesting/DurableTesting.docc/TestingWorkflows.md")
        let blocks = self.blocks(in: try self.lines(of: article))
        #expect(blocks.count == 6)
        for block in blocks {
            #expect(code.contains(block), "no code here contains\n\(block.joined(separator: "\n"))")
        }
    }

    @Test func `every example of a comment is code that compiles and runs here`() throws {
        let code = try self.lines(of: self.folder.appending(path: "DocumentedExamples.swift"))
        let sources = self.root.appending(path: "Sources/DurableTesting")
        let files = try FileManager.default.subpathsOfDirectory(atPath: sources.path).filter { $0.hasSuffix(".swift") }
        let blocks = try files.flatMap { file in
            let comments = try self.lines(of: sources.appending(path: file)).filter { $0.hasPrefix("///") }
            let lines = comments.map { $0.dropFirst(3).trimmingCharacters(in: .whitespaces) }
            return self.blocks(in: lines.filter { !$0.isEmpty })
        }
        #expect(blocks.count == 7)
        for block in blocks {
            #expect(code.contains(block), "no code here contains\n\(block.joined(separator: "\n"))")
        }
    }

    private func blocks(in lines: [String]) -> [[String]] {
        var blocks: [[String]] = []
        var block: [String]?
        for line in lines {
            if line == "```swift" {
                block = []
            } else if line == "```", let whole = block {
                blocks.append(whole)
                block = nil
            } else {
                block?.append(line)
            }
        }
        return blocks
    }

    private func lines(of file: URL) throws -> [String] {
        try String(contentsOf: file, encoding: .utf8).split(separator: "\n").map {
            $0.trimmingCharacters(in: .whitespaces)
        }.filter { !$0.isEmpty }
    }
}

// SPDX-License-Identifier: Apache-2.0

import DurableTesting
import Libpq
import Testing

@testable import Durable

/// A fork or a retry runs the part that was asked for again, and no step that was committed outside of it.
@Suite struct RepeatTests {
    private static let steps = ["a", "b1", "b2", "c1", "c2", "d", "e"]

    /// a, then two branches of two steps, then d and e.
    private static func program(_ ran: Recorder<String>, failing: String? = nil) -> Plain<Int> {
        let failures = Counter()
        @Sendable func run(_ name: String, _ step: StepContext) throws -> Int {
            ran.record("\(step.workflow) \(name)")
            if name == failing, failures.next() == 1 { throw Outage() }
            return 1
        }
        return Plain { _, workflow in
            try await workflow.step("a", retry: .never) { try run("a", $0) }
            _ = try await workflow.parallel(
                { branch in
                    try await branch.step("b1", retry: .never) { try run("b1", $0) }
                    return try await branch.step("b2", retry: .never) { try run("b2", $0) }
                },
                { branch in
                    try await branch.step("c1", retry: .never) { try run("c1", $0) }
                    return try await branch.step("c2", retry: .never) { try run("c2", $0) }
                }
            )
            try await workflow.step("d", retry: .never) { try run("d", $0) }
            return try await workflow.step("e", retry: .never) { try run("e", $0) }
        }
    }

    @Test(arguments: [
        ("", 0, "a b1 b2 c1 c2 d e"), ("", 1, "b1 b2 c1 c2 d e"), ("", 2, "d e"), ("", 3, "e"),
        ("parallel@1[0]", 0, "b1 b2 d e"), ("parallel@1[0]", 1, "b2 d e"), ("parallel@1[1]", 1, "c2 d e"),
    ])
    func `a fork runs what depends on its place, and nothing else`(scope: String, position: Int, expected: String)
        async throws
    {
        let ran = Recorder<String>()
        try await withEngine([Self.program(ran)], .replaying) { engine, database in
            let operations = try await engine.operations
            #expect(try await engine.start(Plain<Int>.self, id: "w").result() == 1)
            let before = try await database.journal(of: "w")
            try await operations.fork("w", at: position, in: scope, as: "copy")
            #expect(try await engine.handle(Plain<Int>.self, id: "copy").result() == 1)
            let again = ran.all.filter { $0.hasPrefix("copy ") }.map { $0.dropFirst("copy ".count) }.sorted()
            #expect(again.joined(separator: " ") == expected)
            #expect(ran.all.filter { $0.hasPrefix("w ") }.count == Self.steps.count)
            #expect(try await database.journal(of: "w") == before)
        }
    }

    @Test(arguments: steps)
    func `a retry runs the step that failed and what had not run, and nothing twice that was recorded`(failing: String)
        async throws
    {
        let ran = Recorder<String>()
        try await withEngine([Self.program(ran, failing: failing)], .replaying) { engine, database in
            let operations = try await engine.operations
            let handle = try await engine.start(Plain<Int>.self, id: "w")
            await #expect(throws: (any Error).self) { try await handle.result() }
            let recorded = try await database.rows(
                "SELECT name FROM durable.journal WHERE workflow_id = 'w' AND phase = 0 AND kind = 1 AND error IS NULL"
            )
            try await operations.retry("w", reason: "mended")
            #expect(try await handle.result() == 1)
            for step in Self.steps {
                let times = ran.all.filter { $0 == "w \(step)" }.count
                if step == failing {
                    #expect(times == 2)
                } else if recorded.contains(step) {
                    #expect(times == 1, "\(step) was recorded")
                }
            }
        }
    }

    @Test func `a fork that is cancelled before any process has taken it undoes what its records did`() async throws {
        let undone = Recorder<String>()
        let program = Plain<Int> { _, workflow in
            let seat = try await workflow.step("book") { _ in
                7
            } undo: { seat, step in
                undone.record("\(step.workflow) \(seat ?? 0)")
            }
            try await workflow.step("note") { _ in }
            return seat
        }
        try await withEngine([program]) { engine, database in
            let operations = try await engine.operations
            #expect(try await engine.start(Plain<Int>.self, id: "w").result() == 7)
            // Nobody takes anything of the type, and requests are obeyed meanwhile.
            try await operations.pauseName(Plain<Int>.name, reason: "the test")
            try await operations.fork("w", at: 1, as: "copy")
            try await operations.fork("w", at: 0, as: "blank")
            for id in ["copy", "blank"] { try await database.execute("SELECT durable.cancel('\(id)', 'not wanted')") }
            try await database.waitFor(.cancelling, of: "copy")
            try await expectCancelled(engine.handle(Plain<Int>.self, id: "blank"), "not wanted")
            #expect(undone.all.isEmpty)
            _ = try await operations.resumeName(Plain<Int>.name)
            try await expectCancelled(engine.handle(Plain<Int>.self, id: "copy"), "not wanted")
            #expect(undone.all == ["copy 7"])
        }
    }
}

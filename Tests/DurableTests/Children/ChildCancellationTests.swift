// SPDX-License-Identifier: Apache-2.0

import DurableTesting
import Testing

@testable import Durable

@Suite struct ChildCancellationTests {
    @Test func `a cancellation reaches the children of children, each with its undo`() async throws {
        let undone = Recorder<Int>()
        let parent = Plain<Nothing> { _, workflow in
            _ = try await workflow.child(Resize.self, 3)
            return Nothing()
        }
        let child = Resize { level, workflow in
            try await workflow.step("work") { _ in
                level
            } undo: { level, _ in
                undone.record(level ?? 0)
            }
            if level > 1 { return try await workflow.child(Resize.self, level - 1) }
            try await workflow.sleep(for: .seconds(3600))
            return level
        }
        try await withEngine([parent, child], .replaying) { engine, database in
            let handle = try await engine.start(Plain<Nothing>.self, id: "a")
            try await eventually("each waits for the next, and the last one sleeps") {
                try await database.text("SELECT count(*)::text FROM durable.live WHERE state = 'waiting'") == "4"
            }
            try await handle.cancel(reason: "no")
            try await eventually("all are cancelled") {
                let ends = "SELECT string_agg(status::text, ' ') FROM durable.outcome"
                return try await database.text(ends) == "cancelled cancelled cancelled cancelled"
            }
            #expect(undone.all.sorted() == [1, 2, 3])
        }
    }

    @Test func `children are cancelled when the time of their parent is over`() async throws {
        let child = Resize { number, workflow in
            try await workflow.sleep(for: .seconds(3600))
            return number
        }
        try await withEngine([Hurried(), child], .replaying) { engine, _ in
            let handle = try await engine.start(Hurried.self, id: "a")
            await #expect(throws: DurableError.self) { try await handle.result() }
            let error = await #expect(throws: DurableError.self) {
                try await engine.handle(Resize.self, id: "a/0").result()
            }
            #expect(error?.message == "the workflow was cancelled: the time of its parent a is over")
            let abandoned = try await engine.handle(Resize.self, id: "a/1")
            #expect(try await abandoned.status().state == .waiting)
        }
    }
}

/// Waits for its child no longer than a moment.
private struct Hurried: Workflow {
    static let name = "hurried"
    static var timeout: Duration? { .milliseconds(300) }

    func run(_ input: Nothing, in workflow: WorkflowContext) async throws -> Int {
        let first = try await workflow.start(Resize.self, 1)
        try await workflow.start(Resize.self, 2, onParentEnd: .abandon)
        return try await first.result(in: workflow)
    }
}

// SPDX-License-Identifier: Apache-2.0

import DurableTesting
import Testing

@testable import Durable

/// A run whose workflow was given to another one, in the same process and under the same lease, may still come to a call that
/// starts children.
@Suite struct SupersededParentTests {
    enum Shape: String, CaseIterable, Sendable { case start, child, group }

    @Test(.notReplayed("one run is held at its first checkpoint"), arguments: Shape.allCases)
    func `a run that no longer owns its workflow starts no child and records none`(shape: Shape) async throws {
        let (reached, go) = (Gate(), Gate())
        let (ends, worked) = (Recorder<String>(), Counter())
        let parent = Plain<Int> { _, workflow in
            try await workflow.step("one") { _ in
                reached.open()
                try await go.wait()
            }
            do {
                let value: Int
                switch shape {
                case .start:
                    let child = try await workflow.start(Resize.self, 1)
                    try await workflow.step("two") { _ in }
                    value = try await child.result(in: workflow)
                case .child: value = try await workflow.child(Resize.self, 1)
                case .group:
                    let results = try await workflow.children(Resize.self, [1], maxConcurrent: 1, tolerate: .none)
                    value = try results[0].get()
                }
                return value
            } catch {
                ends.record((error as? WorkflowInterruption)?.cause.description ?? "\(error)")
                throw error
            }
        }
        let child = Resize { number, workflow in
            try await workflow.step("work") { _ in
                worked.next()
                return number
            }
        }
        try await withEngine([parent, child]) { engine, database in
            let handle = try await engine.start(Plain<Int>.self, id: "a")
            try await reached.wait()
            // As if somebody had paused it while its owner was looked for in vain; its own process knows nothing of it.
            try await database.execute(
                """
                UPDATE durable.live SET executor = NULL, epoch = NULL, run = NULL, state = 'paused', reason = 'operator',
                    run_at = 'infinity'
                """
            )
            go.open()
            try await eventually("the run is over") { !ends.all.isEmpty }
            #expect(ends.all == ["superseded"])
            #expect(worked.value == 0)
            #expect(try await database.journal(of: "a") == ["|0|0|one"])
            for table in ["workflow", "live"] {
                #expect(try await database.text("SELECT count(*)::text FROM durable.\(table)") == "1", "\(table)")
            }
            #expect(try await database.text("SELECT count(*)::text FROM durable.child_group") == "0")
            let operations = try await engine.operations
            try await operations.resume("a")
            #expect(try await handle.result() == 1)
            #expect(worked.value == 1, "its successor started the child, once")
        }
    }

    @Test(.notReplayed("one run is held at its first checkpoint"))
    func `a run that no longer owns its workflow cancels no children of its successor`() async throws {
        let (reached, go) = (Gate(), Gate())
        let runs = Counter()
        let parent = Plain<Nothing> { _, workflow in
            try await workflow.start(Resize.self, 1)
            if runs.next() == 1 {
                try await workflow.step("one") { _ in
                    reached.open()
                    try? await go.wait()
                    throw NonRetryable(Outage())
                }
            }
            return Nothing()
        }
        let child = Resize { _, workflow in try await workflow.receive(Int.self, "never") }
        let logs = Recorder<String>()
        try await withEngine([parent, child], logs: logs) { engine, database in
            _ = try await engine.start(Plain<Nothing>.self, id: "a")
            try await reached.wait()
            try await database.execute(
                """
                UPDATE durable.live SET executor = NULL, epoch = NULL, run = NULL, state = 'paused', reason = 'operator',
                    run_at = 'infinity' WHERE workflow_id = 'a'
                """
            )
            go.open()
            try await eventually("its end is refused") { logs.all.contains { $0.contains("run.outcome_dropped") } }
            #expect(try await database.text("SELECT count(*)::text FROM durable.cancellation") == "0")
            let child = try await engine.handle(Resize.self, id: "a/0").status()
            #expect(![.cancelling, .cancelled].contains(child.state))
            #expect(try await engine.handle(Plain<Nothing>.self, id: "a").status().state == .paused)
        }
    }
}

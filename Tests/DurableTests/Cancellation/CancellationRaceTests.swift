// SPDX-License-Identifier: Apache-2.0

import DurableTesting
import Testing

@testable import Durable

/// Requests to cancel, at random moments of a short life.
@Suite struct CancellationRaceTests {
    @Test(arguments: 0..<20)
    func `cancelling races with the end, and one of them wins`(round: Int) async throws {
        let undone = Counter()
        let program = Plain<Int> { _, workflow in
            try await workflow.step("a") { _ in
                1
            } undo: { _, _ in
                _ = undone.next()
            }
            try await workflow.sleep(for: .milliseconds(round))
            return 1
        }
        try await withEngine([program], round % 2 == 0 ? .test : .replaying) { engine, database in
            let handle = try await engine.start(Plain<Int>.self, id: "a")
            try await Task.sleep(for: .milliseconds(round * 3))
            try await handle.cancel()
            do {
                #expect(try await handle.result() == 1)
                #expect(undone.value == 0)
            } catch let error as DurableError {
                #expect(error.code == .workflowCancelled)
            }
            #expect(
                try await database.text(
                    "SELECT (SELECT count(*) FROM durable.outcome) || ' ' || (SELECT count(*) FROM durable.live)"
                ) == "1 0"
            )
            let undos = try await database.text("SELECT count(*)::text FROM durable.journal WHERE scope LIKE 'undo/%'")
            #expect(undos == "\(undone.value)")
        }
    }
}

// SPDX-License-Identifier: Apache-2.0

import Durable
import DurableTesting
import Testing

@Suite struct AlwaysReplayTests {
    @Test func `every checkpoint is followed by a replay of all before it`() async throws {
        let turns = World()
        let options = EngineOptions.testing.alwaysReplaying()
        try await withTestEngine([Counting(turns: turns)], options: options) { test in
            let counted = try await test.run(Counting.self, 5)
            #expect(counted == 5)
        }
        // Once from the start, and once more after each of the five records.
        #expect(turns.effects.filter { $0 == "run" }.count == 6)
        #expect(turns.effects.filter { $0 == "step" }.count == 5)
    }

    @Test func `code that does not come to the same place again is found without a crash`() async throws {
        let options = EngineOptions.testing.alwaysReplaying()
        try await withTestEngine([Fickle(turns: World())], options: options) { test in
            let error = await #expect(throws: TestFailure.self) { try await test.run(Fickle.self, 1) }
            let words = "\(error, default: "no error")"
            #expect(words.contains("is paused (diverged)"))
            #expect(
                words.contains("the code calls step \"turn 2\" at position 0, where the history has step \"turn 1\"")
            )
        }
    }

    @Test func `branches, retries, transactions and sleeps come to the same end`() async throws {
        let options = EngineOptions.testing.alwaysReplaying()
        let world = World()
        try await withTestEngine(
            [Order(world: world)],
            options: options,
            clock: .skipping,
            prepare: Order.tables
        ) { test in
            let result = try await test.run(Order.self, ["pen", "ink"])
            #expect(result.prefix(5) == ["charged", "mailed", "booked", "pen", "ink"])
        }
    }
}

/// Counts its runs and its steps.
struct Counting: Workflow {
    static let name = "counting"
    let turns: World

    func run(_ steps: Int, in workflow: WorkflowContext) async throws -> Int {
        let turns = self.turns
        turns.note("run")
        for _ in 0..<steps { try await workflow.step("count") { _ in turns.note("step") } }
        return steps
    }
}

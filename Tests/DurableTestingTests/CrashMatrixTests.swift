// SPDX-License-Identifier: Apache-2.0

import Durable
import DurableTesting
import Testing

@Suite struct CrashMatrixTests {
    private static let items = ["pen", "ink", "paper"]
    /// For mistakes that show without a crash as soon as something is replayed: here they are to show in the matrix.
    private static let options = EngineOptions.testing.withoutReplaying(because: "a replay finds it before any crash")

    /// What the matrix says of an order with a mistake in it.
    private func verdict(on bug: Order.Bug, recoveredBy successor: (@Sendable (Order) -> any Workflow)? = nil)
        async throws -> String
    {
        let error = await #expect(throws: TestFailure.self) {
            try await assertSurvivesCrashes(
                of: {
                    Order(world: World(), bug: successor == nil ? bug : nil, connectionString: $0.connectionString)
                },
                input: Array(Self.items.prefix(2)),
                recoveredBy: successor,
                options: Self.options,
                observing: { $0.world.effects.filter { $0 != "turn" } },
                prepare: Order.tables
            )
        }
        return "\(error, default: "no error")"
    }

    @Test func `a workflow as it should be survives a crash at every point`() async throws {
        let report = try await assertSurvivesCrashes(
            of: Order(world: World()),
            input: Self.items,
            observing: { $0.world.effects },
            prepare: Order.tables
        )
        // Start, reserve, the failed attempt, charge, three packed items, both rows of the sleep, mail, book, the join, the
        // outcome; parked for the retry and for the sleep.
        #expect(report.survived.count + report.missed.count >= 2 * 15)
        #expect(report.missed.allSatisfy { $0.contains("parking") }, "\(report.missed)")
        for what in ["its start", "\"reserve\"", "note 1 of step \"charge\"", "\"mail\"", "its outcome", "its parking"]
        {
            for moment in ["before", "after"] {
                #expect(
                    report.survived.contains { $0.contains(what) && $0.hasPrefix("right \(moment)") },
                    "\(moment) \(what): \(report.survived)"
                )
            }
        }
    }

    @Test func `rows written outside a step are found, with the point and the table`() async throws {
        let words = try await self.verdict(on: .rowOutsideAStep)
        #expect(words.hasPrefix("DurableTestingTests/CrashMatrixTests.swift:"))
        #expect(words.contains("order does not survive a crash right"))
        #expect(words.contains("table audit: "))
        #expect(words.contains("too many of (\"by itself\")"))
        #expect(words.contains("without a crash"))
        #expect(words.contains("0 transaction reserve"))
    }

    @Test func `an effect outside a step is found by what was observed`() async throws {
        let words = try await self.verdict(on: .effectOutsideAStep)
        #expect(words.contains("order does not survive a crash right"))
        // One more for each run: how many there are without a crash is a matter of luck, where work is taken up early.
        #expect(words.contains(" of told everybody"))
        #expect(words.contains("without a crash"))
    }

    @Test func `an iteration whose order changes is found as divergence, in the engine's words`() async throws {
        let words = try await self.verdict(on: .orderThatChanges)
        #expect(words.contains("stands still: workflow \"order\" is paused (diverged)"))
        #expect(words.contains("the code calls step \"pack"))
        #expect(words.contains("≠"))
    }

    @Test func `a workflow that stands still even without a crash is explained`() async throws {
        let error = await #expect(throws: TestFailure.self) {
            try await assertSurvivesCrashes(of: Fickle(turns: World()), input: 2)
        }
        let words = "\(error, default: "no error")"
        #expect(words.contains("fickle does not come to its end even without a crash"))
        #expect(words.contains("workflow \"fickle\" is paused (diverged)"))
    }

    @Test func `a step that the recovering code calls otherwise is found`() async throws {
        let words = try await self.verdict(on: .renamedStep) { Order(world: $0.world, bug: .renamedStep) }
        #expect(words.contains("the code calls step \"bill\" at position 1, where the history has step \"charge\""))
        #expect(words.contains("So it is with a crash"))
    }
}

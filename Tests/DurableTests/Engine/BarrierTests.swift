// SPDX-License-Identifier: Apache-2.0

import DurableTesting
import Libpq
import Testing

@testable import Durable

@Suite struct BarrierTests {
    private enum Effect: CaseIterable {
        case step
        case transaction
        case branch
    }

    /// Runs a step whose record cannot be written for now, and an effect after it.
    ///
    /// - Parameter whileLocked: Called while the record waits for a lock, with how often the step has returned, and how often
    ///   the effect has begun.
    private func run(
        _ effect: Effect,
        _ options: EngineOptions,
        whileLocked: (_ returned: Counter, _ effects: Counter) async throws -> Void
    ) async throws {
        let (reached, held) = (Gate(), Gate())
        let (returned, effects) = (Counter(), Counter())
        let program = Plain { _, workflow in
            try await workflow.step("one") { _ in
                reached.open()
                try await held.wait()
            }
            returned.next()
            switch effect {
            case .step: try await workflow.step("two") { _ in _ = effects.next() }
            case .transaction: try await workflow.transaction("two") { _ in _ = effects.next() }
            case .branch:
                _ = try await workflow.map([1]) { _, branch in try await branch.step("two") { _ in _ = effects.next() }
                }
            }
            return effects.value
        }
        try await withEngine([program], options) { engine, database in
            let handle = try await engine.start(Plain<Int>.self, id: "a")
            try await reached.wait()
            let locker = try await PostgresConnection.connect(database.configuration)
            defer { locker.close() }
            try await locker.execute("BEGIN")
            try await locker.execute("LOCK TABLE durable.journal IN SHARE MODE")
            held.open()
            // The writer gives a batch up that waits for a lock, and comes again: seen twice, it was refused once at least.
            for _ in 0..<2 { try await database.waitForRefusal(of: "durable.journal") }
            try await whileLocked(returned, effects)
            #expect(effects.value == 0, "no effect before what it depends on is durable")
            #expect(try await handle.result(within: .milliseconds(1)) == nil)
            try await locker.execute("ROLLBACK")
            #expect(try await handle.result() == 1)
        }
    }

    @Test(arguments: Effect.allCases)
    private func `a step returns at once, and an effect waits until everything before it is durable`(effect: Effect)
        async throws
    {
        try await self.run(effect, .test) { returned, effects in
            try await eventually("the step returns") { returned.value == 1 }
        }
    }

    @Test func `with immediate durability a step returns when its record is durable`() async throws {
        try await self.run(.step, .test.with { $0.durability = .immediate }) { returned, _ in
            #expect(returned.value == 0)
        }
    }
}

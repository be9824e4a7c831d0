// SPDX-License-Identifier: Apache-2.0

import Durable
import Foundation
import Synchronization
import Testing

@testable import FaultSuite

#if DEBUG
    extension FaultTests {
        /// What was found is shrunk, and what it is shrunk to finds it again.
        @Suite("Shrinking", .timeLimit(.minutes(10)))
        struct ShrinkingTests {
            @Test
            func `a violation is shrunk to the operations that it takes, and these show it again`() async throws {
                var plan = RoundPlan(seed: 3, nemeses: [.drain, .terminate], programs: 3, off: [.undoOrder])
                // Two of them it takes: what is undone, in an order.
                let operations = [
                    Operation(number: 1, action: .step(StepPlan(undo: .works))),
                    Operation(number: 2, action: .sleep(milliseconds: 5)),
                    Operation(number: 6, action: .transaction(TransactionPlan(undo: .works))),
                    Operation(number: 7, action: .poll),
                ]
                for index in plan.scenarios.indices {
                    plan.scenarios[index].program = Program(operations: operations, ending: .fails)
                    plan.scenarios[index].cancelledAfter = nil
                }
                let found = try await Round(plan: plan, folder: FaultSuite.Suite.folder()).run().violations
                try #require(found.contains { $0.invariant == UndosRunInReverse.name })

                let said = Mutex<[String]>([])
                let shrinking = Shrinking(plan: plan, limit: .seconds(300)) { words in
                    said.withLock { $0.append(words) }
                }
                let json = try await shrinking.run(found)
                let smallest = try JSONDecoder().decode(RoundPlan.self, from: Data(json.utf8))
                #expect(smallest.nemeses.count == 1)
                let program = try #require(smallest.scenarios.first).program
                #expect(program.flattened.map { $0.operation.number } == [1, 6])
                #expect(said.withLock { $0.last?.contains("Scripts/faults --plan '\(json)'") } == true)

                // As its last words say.
                let again = try FaultCommand.readPlan(json)
                #expect(again == smallest)
                let result = try await Round(plan: again, folder: FaultSuite.Suite.folder()).run()
                #expect(result.violations.contains { $0.invariant == UndosRunInReverse.name })
                #expect(throws: (any Error).self) { try FaultCommand.readPlan("{}") }
            }
        }
    }
#endif

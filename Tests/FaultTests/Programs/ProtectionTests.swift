// SPDX-License-Identifier: Apache-2.0

import Durable
import Testing

@testable import FaultSuite

#if DEBUG
    extension FaultTests {
        /// The suite misses a protection that was taken away.
        ///
        /// Those that need chance and many programs are tried by hand: `Scripts/faults --without NAME`.
        @Suite("Protections that are taken away", .timeLimit(.minutes(5)))
        struct ProtectionTests {
            @Test
            func `undos in the order of the program are found`() async throws {
                var plan = RoundPlan(seed: 3, nemeses: [.drain], programs: 3, off: [.undoOrder])
                let steps = (1...3).map { Operation(number: $0, action: .step(StepPlan(undo: .works))) }
                for index in plan.scenarios.indices {
                    plan.scenarios[index].program = Program(operations: steps, ending: .fails)
                    plan.scenarios[index].cancelledAfter = nil
                }
                let result = try await Round(plan: plan, folder: FaultSuite.Suite.folder()).run()
                #expect(result.violations.contains { $0.invariant == UndosRunInReverse.name })
            }
        }
    }
#endif

// SPDX-License-Identifier: Apache-2.0

import Testing

@Suite struct StepExpansionTests {
    @Test func `a method of a workflow gets an overload that takes the context`() {
        expectExpansion(
            of: """
                @Workflow("checkout")
                struct Checkout {
                    @Step(retry: .exponential(attempts: 5))
                    func charge(_ order: Order, in step: StepContext) async throws -> Charge {
                        Charge()
                    }
                }
                """,
            is: """
                struct Checkout {
                    func charge(_ order: Order, in step: StepContext) async throws -> Charge {
                        Charge()
                    }

                    nonisolated(nonsending) func charge(_ order: Order, in workflow: Durable.WorkflowContext) async throws -> Charge {
                        try await workflow.step("charge", retry: .exponential(attempts: 5), inputs: Durable.StepInputs(.checked, order)) { step in
                            try await self.charge(order, in: step)
                        }
                    }

                    nonisolated(nonsending) func charge(_ order: Order, in workflow: Durable.WorkflowContext, undo: nonisolated(nonsending) @escaping @Sendable (Charge?, Durable.StepContext) async throws -> Void) async throws -> Charge {
                        try await workflow.step("charge", retry: .exponential(attempts: 5), inputs: Durable.StepInputs(.checked, order), { step in
                            try await self.charge(order, in: step)
                        }, undo: undo)
                    }
                }

                extension Checkout: Durable.Workflow {
                    static var name: String {
                        "checkout"
                    }

                    static var declaredSteps: [Durable.StepDescription] {
                        [Durable.StepDescription("charge", kind: .step)]
                    }
                }
                """
        )
    }
}

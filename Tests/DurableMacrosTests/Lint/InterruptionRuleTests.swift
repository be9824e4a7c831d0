// SPDX-License-Identifier: Apache-2.0

import Testing

@Suite struct InterruptionRuleTests {
    @Test func `try? around a durable call swallows the interruption`() throws {
        try expectLint(
            """
            let charge = try? await self.charge(order, in: workflow)  // warning: 'try?' swallows 'WorkflowInterruption'
            _ = try await workflow.parallel(
                { branch in try? await branch.step("email") { _ in 1 } },  // warning: use 'do' and 'catch', and let it pass
                { branch in try await branch.step("label") { _ in 1 } })
            """
        )
    }

    @Test func `a catch that neither rethrows nor narrows lets the interruption pass first`() throws {
        try expectLint(
            """
            do {
                try await self.charge(order, in: workflow)
            } catch {  // warning: this 'catch' takes 'WorkflowInterruption', which says that this run is over
                workflow.logger.error("not charged")
            }
            do {
                try await self.charge(order, in: workflow)
            } catch let failure as StepFailure {
                workflow.logger.error("not charged")
            } catch let error as any Error {  // warning: throw it on, or catch the errors that are meant by type
                try? self.forget()
                try await self.tell(error, in: workflow)
            }
            """,
            fixed: """
                do {
                    try await self.charge(order, in: workflow)
                } catch let interruption as WorkflowInterruption {
                    throw interruption
                } catch {
                    workflow.logger.error("not charged")
                }
                do {
                    try await self.charge(order, in: workflow)
                } catch let failure as StepFailure {
                    workflow.logger.error("not charged")
                } catch let interruption as WorkflowInterruption {
                    throw interruption
                } catch let error as any Error {
                    try? self.forget()
                    try await self.tell(error, in: workflow)
                }
                """
        )
    }

    @Test func `a catch of the interruption itself that does not throw it on is named`() throws {
        try expectLint(
            """
            do {
                try await workflow.sleep(for: .seconds(1))
            } catch is WorkflowInterruption {  // warning: this 'catch' takes 'WorkflowInterruption'
                return nil
            }
            """
        )
    }

    @Test func `a catch that throws, that narrows, or that begins with a durable call is good code`() throws {
        try expectLint(
            """
            do {
                try await self.charge(order, in: workflow)
            } catch let interruption as WorkflowInterruption {
                throw interruption
            } catch {
                workflow.logger.error("not charged")
            }
            do {
                try await self.charge(order, in: workflow)
            } catch {
                try await self.release(order, in: workflow)
                throw error
            }
            do {
                try await self.charge(order, in: workflow)
            } catch {
                guard let failure = error as? StepFailure else { throw error }
                return failure.message
            }
            do {
                try await self.charge(order, in: workflow)
            } catch CheckoutFailure.notApproved {
                return nil
            } catch let error as PaymentError where error.isFinal {
                return nil
            }
            do {
                try await self.charge(order, in: workflow)
            } catch {
                try await workflow.step("tell-support") { step in step.logger.error("not charged") }
            }
            do {
                _ = try order.check()
                _ = try JSONDecoder().decode(Int.self, from: data)
            } catch {
                return nil
            }
            let first = try? order.check()
            let quotes = results.compactMap { try? $0?.get() }.min()
            """
        )
    }
}

// SPDX-License-Identifier: Apache-2.0

import DurableMacros
import DurableTesting
import Testing

@Workflow("annotated", version: 2, resumes: 1...2)
struct Annotated {
    func run(_ name: String, in workflow: WorkflowContext) async throws -> String {
        let greeting = try await self.greet(name, in: workflow)
        return try await self.note(greeting, in: workflow)
    }

    @Step
    func greet(_ name: String, in step: StepContext) async throws -> String { "hello \(name)" }

    @Transaction(isolation: .serializable)
    func note(_ text: String, in transaction: Transaction) async throws -> String {
        try await transaction.execute("SELECT \(text)")
        return text
    }
}

@Suite struct RunningTests {
    @Test func `what is declared is what the engine is told`() {
        #expect(Annotated.name == "annotated")
        #expect(Annotated.version == 2)
        #expect(Annotated.resumes == 1...2)
    }
}

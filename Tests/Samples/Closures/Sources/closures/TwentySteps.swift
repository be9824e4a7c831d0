// SPDX-License-Identifier: Apache-2.0

import Durable

/// Twenty steps in one file, as closures: what an edit of it costs to build is measured.
struct TwentySteps: Workflow {
    static let name = "twenty-steps"

    func run(_ number: Int, in workflow: WorkflowContext) async throws -> Int {
        var number = number
        number = try await self.step1(number, in: workflow)
        number = try await self.step2(number, in: workflow)
        number = try await self.step3(number, in: workflow)
        number = try await self.step4(number, in: workflow)
        number = try await self.step5(number, in: workflow)
        number = try await self.step6(number, in: workflow)
        number = try await self.step7(number, in: workflow)
        number = try await self.step8(number, in: workflow)
        number = try await self.step9(number, in: workflow)
        number = try await self.step10(number, in: workflow)
        number = try await self.step11(number, in: workflow)
        number = try await self.step12(number, in: workflow)
        number = try await self.step13(number, in: workflow)
        number = try await self.step14(number, in: workflow)
        number = try await self.step15(number, in: workflow)
        number = try await self.step16(number, in: workflow)
        number = try await self.step17(number, in: workflow)
        number = try await self.step18(number, in: workflow)
        number = try await self.step19(number, in: workflow)
        number = try await self.step20(number, in: workflow)
        return number
    }

    func step1(_ number: Int, in workflow: WorkflowContext) async throws -> Int {
        try await workflow.step("step1") { _ in number + 1 }
    }

    func step2(_ number: Int, in workflow: WorkflowContext) async throws -> Int {
        try await workflow.step("step2") { _ in number + 2 }
    }

    func step3(_ number: Int, in workflow: WorkflowContext) async throws -> Int {
        try await workflow.step("step3") { _ in number + 3 }
    }

    func step4(_ number: Int, in workflow: WorkflowContext) async throws -> Int {
        try await workflow.step("step4") { _ in number + 4 }
    }

    func step5(_ number: Int, in workflow: WorkflowContext) async throws -> Int {
        try await workflow.step("step5") { _ in number + 5 }
    }

    func step6(_ number: Int, in workflow: WorkflowContext) async throws -> Int {
        try await workflow.step("step6") { _ in number + 6 }
    }

    func step7(_ number: Int, in workflow: WorkflowContext) async throws -> Int {
        try await workflow.step("step7") { _ in number + 7 }
    }

    func step8(_ number: Int, in workflow: WorkflowContext) async throws -> Int {
        try await workflow.step("step8") { _ in number + 8 }
    }

    func step9(_ number: Int, in workflow: WorkflowContext) async throws -> Int {
        try await workflow.step("step9") { _ in number + 9 }
    }

    func step10(_ number: Int, in workflow: WorkflowContext) async throws -> Int {
        try await workflow.step("step10") { _ in number + 10 }
    }

    func step11(_ number: Int, in workflow: WorkflowContext) async throws -> Int {
        try await workflow.step("step11") { _ in number + 11 }
    }

    func step12(_ number: Int, in workflow: WorkflowContext) async throws -> Int {
        try await workflow.step("step12") { _ in number + 12 }
    }

    func step13(_ number: Int, in workflow: WorkflowContext) async throws -> Int {
        try await workflow.step("step13") { _ in number + 13 }
    }

    func step14(_ number: Int, in workflow: WorkflowContext) async throws -> Int {
        try await workflow.step("step14") { _ in number + 14 }
    }

    func step15(_ number: Int, in workflow: WorkflowContext) async throws -> Int {
        try await workflow.step("step15") { _ in number + 15 }
    }

    func step16(_ number: Int, in workflow: WorkflowContext) async throws -> Int {
        try await workflow.step("step16") { _ in number + 16 }
    }

    func step17(_ number: Int, in workflow: WorkflowContext) async throws -> Int {
        try await workflow.step("step17") { _ in number + 17 }
    }

    func step18(_ number: Int, in workflow: WorkflowContext) async throws -> Int {
        try await workflow.step("step18") { _ in number + 18 }
    }

    func step19(_ number: Int, in workflow: WorkflowContext) async throws -> Int {
        try await workflow.step("step19") { _ in number + 19 }
    }

    func step20(_ number: Int, in workflow: WorkflowContext) async throws -> Int {
        try await workflow.step("step20") { _ in number + 20 }
    }
}

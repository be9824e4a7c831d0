// SPDX-License-Identifier: Apache-2.0

import DurableMacros

/// Twenty annotated steps in one file: what an edit of it costs to build is measured.
@Workflow("twenty-steps")
struct TwentySteps {
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

    @Step
    func step1(_ number: Int, in step: StepContext) async throws -> Int { number + 1 }

    @Step
    func step2(_ number: Int, in step: StepContext) async throws -> Int { number + 2 }

    @Step
    func step3(_ number: Int, in step: StepContext) async throws -> Int { number + 3 }

    @Step
    func step4(_ number: Int, in step: StepContext) async throws -> Int { number + 4 }

    @Step
    func step5(_ number: Int, in step: StepContext) async throws -> Int { number + 5 }

    @Step
    func step6(_ number: Int, in step: StepContext) async throws -> Int { number + 6 }

    @Step
    func step7(_ number: Int, in step: StepContext) async throws -> Int { number + 7 }

    @Step
    func step8(_ number: Int, in step: StepContext) async throws -> Int { number + 8 }

    @Step
    func step9(_ number: Int, in step: StepContext) async throws -> Int { number + 9 }

    @Step
    func step10(_ number: Int, in step: StepContext) async throws -> Int { number + 10 }

    @Step
    func step11(_ number: Int, in step: StepContext) async throws -> Int { number + 11 }

    @Step
    func step12(_ number: Int, in step: StepContext) async throws -> Int { number + 12 }

    @Step
    func step13(_ number: Int, in step: StepContext) async throws -> Int { number + 13 }

    @Step
    func step14(_ number: Int, in step: StepContext) async throws -> Int { number + 14 }

    @Step
    func step15(_ number: Int, in step: StepContext) async throws -> Int { number + 15 }

    @Step
    func step16(_ number: Int, in step: StepContext) async throws -> Int { number + 16 }

    @Step
    func step17(_ number: Int, in step: StepContext) async throws -> Int { number + 17 }

    @Step
    func step18(_ number: Int, in step: StepContext) async throws -> Int { number + 18 }

    @Step
    func step19(_ number: Int, in step: StepContext) async throws -> Int { number + 19 }

    @Step
    func step20(_ number: Int, in step: StepContext) async throws -> Int { number + 20 }
}

// SPDX-License-Identifier: Apache-2.0

import Durable

/// A workflow that runs a program.
protocol ProgramCode: Workflow where Input == Program, Output == ProgramEnd {
    var interpreter: Interpreter<Self> { get }
}

extension ProgramCode {
    static var name: String { "program" }
    static var failures: [any (Error & Codable & Sendable).Type] { [ProgramFailure.self] }

    @concurrent
    func run(_ program: Program, in workflow: WorkflowContext) async throws -> ProgramEnd {
        try await self.interpreter.run(program, in: workflow)
    }
}

/// The code as it was first deployed.
struct ProgramWorkflow: ProgramCode {
    let effects: EffectLog
    var interpreter: Interpreter<ProgramWorkflow> { Interpreter(effects: self.effects) }
}

/// The code of a later deploy, which goes on with what the first one has begun.
struct LaterProgramWorkflow: ProgramCode {
    static let version = 2
    static let resumes = 1...2

    let effects: EffectLog
    var interpreter: Interpreter<LaterProgramWorkflow> { Interpreter(effects: self.effects) }
}

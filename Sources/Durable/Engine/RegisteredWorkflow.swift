// SPDX-License-Identifier: Apache-2.0

/// A workflow that an engine offers, without its type.
final class RegisteredWorkflow: Sendable {
    let name: String
    let version: Int32
    let resumes: ClosedRange<Int32>
    let timeout: Duration?
    let steps: [StepDescription]
    let failures: [any (Error & Codable & Sendable).Type]
    /// Decodes the input, runs, and encodes the result.
    let execute: @Sendable @concurrent (WorkflowContext) async throws -> [UInt8]?

    init<W: Workflow>(_ workflow: W, coder: PayloadCoder) throws {
        let name = W.name
        self.name = name
        try IdentifierRules.check(name: name, of: .workflow)
        guard W.version >= 1, let version = Int32(exactly: W.version) else {
            throw DurableError(
                .invalidConfiguration,
                "the version of workflow \(name) is \(W.version); it must be a small number from 1 on"
            )
        }
        guard
            W.resumes.contains(W.version), W.resumes.lowerBound >= 1,
            let last = Int32(exactly: W.resumes.upperBound)
        else {
            throw DurableError(
                .invalidConfiguration,
                "workflow \(name) declares version \(W.version) and resumes \(W.resumes), which must contain it"
            )
        }
        if let timeout = W.timeout { try DatabaseTime.check(timeout, as: "the timeout of workflow \(name)") }
        self.version = version
        self.resumes = Int32(W.resumes.lowerBound)...last
        self.timeout = W.timeout
        self.failures = W.failures
        self.steps = W.declaredSteps
        self.execute = { context in
            let input: W.Input
            do {
                input = try coder.decode(W.Input.self, from: context.run.plan.input)
            } catch {
                throw context.run.lostItsWay(
                    .undecodable,
                    DurableError(
                        .undecodable,
                        PayloadCoder.unreadable("its input", error),
                        workflow: context.run.id,
                        underlying: error
                    )
                )
            }
            let output = try await workflow.run(input, in: context)
            return try coder.encode(
                output,
                as: "the result of workflow \(name)",
                of: PayloadSubject(.output, workflow: name)
            )
        }
    }

    /// What the database is told of it.
    var offer: WorkflowOffer { WorkflowOffer(name: self.name, versions: Array(self.resumes), steps: self.steps) }
}

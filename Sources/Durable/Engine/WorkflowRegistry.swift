// SPDX-License-Identifier: Apache-2.0

/// The workflows that an engine offers, by name.
struct WorkflowRegistry: Sendable {
    private let byName: [String: RegisteredWorkflow]
    /// In the order in which they were given.
    let offers: [WorkflowOffer]

    init(_ workflows: [any Workflow], coder: PayloadCoder) throws {
        var byName: [String: RegisteredWorkflow] = [:]
        var offers: [WorkflowOffer] = []
        for workflow in workflows {
            let registered = try RegisteredWorkflow(workflow, coder: coder)
            guard byName[registered.name] == nil else {
                throw DurableError(
                    .invalidConfiguration,
                    "two workflows are called \"\(registered.name)\"; give one of them another name"
                )
            }
            byName[registered.name] = registered
            offers.append(registered.offer)
        }
        self.byName = byName
        self.offers = offers
    }

    subscript(name: String) -> RegisteredWorkflow? { self.byName[name] }
}

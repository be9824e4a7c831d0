// SPDX-License-Identifier: Apache-2.0

/// One attempt of a step, of a transaction or of a poll, as an ``Interceptor`` sees it: never one that is replayed.
public struct StepCall: Sendable, Hashable {
    /// The id of the workflow.
    public let workflowID: String
    /// The name of the workflow.
    public let workflowName: String
    /// The step's name: the same for every workflow of this type.
    public let name: String
    /// The step as people see it: `charge`, or `charge#2` for the second of that name in its scope.
    public let label: String
    /// What kind of step it is.
    public let kind: StepDescription.Kind
    /// Which attempt this is, from 1.
    public let attempt: Int
}

extension StepCall {
    init(_ call: LiveCall, attempt: Int, run: Run) {
        self.init(
            workflowID: run.id,
            workflowName: run.plan.name,
            name: call.name,
            label: call.label,
            kind: call.kind == .transaction ? .transaction : .step,
            attempt: attempt
        )
    }
}

// SPDX-License-Identifier: Apache-2.0

/// A wait of a workflow, as an ``Interceptor`` sees it.
public struct WaitCall: Sendable, Hashable {
    /// The id of the workflow.
    public let workflowID: String
    /// The name of the workflow.
    public let workflowName: String
    /// What it waits for, in words: `signal approval`.
    public let awaited: String
}

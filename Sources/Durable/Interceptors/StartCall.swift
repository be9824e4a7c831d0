// SPDX-License-Identifier: Apache-2.0

/// The start of a workflow, as an ``Interceptor`` sees it.
public struct StartCall: Sendable, Hashable {
    /// The id of the workflow: the caller's, or a new one.
    public let workflowID: String
    /// The name of the workflow.
    public let workflowName: String
    /// The version that is started.
    public let version: Int
}

// SPDX-License-Identifier: Apache-2.0

/// The start of children by a workflow, as an ``Interceptor`` sees it.
public struct ChildCall: Sendable, Hashable {
    /// The id of the workflow that starts them.
    public let workflowID: String
    /// The name of the workflow that starts them.
    public let workflowName: String
    /// The name of the children.
    public let childName: String
    /// Their ids.
    public let childIDs: [String]
}

// SPDX-License-Identifier: Apache-2.0

/// One run of a workflow, as an ``Interceptor`` sees it.
public struct RunCall: Sendable, Hashable {
    /// The id of the workflow.
    public let workflowID: String
    /// The name of the workflow.
    public let workflowName: String
    /// Whether it goes on later or elsewhere, by replay.
    public let isResumed: Bool
}

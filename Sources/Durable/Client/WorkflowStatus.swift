// SPDX-License-Identifier: Apache-2.0

#if canImport(FoundationEssentials)
    public import FoundationEssentials
#else
    public import Foundation
#endif

/// Where a workflow stands.
public struct WorkflowStatus: Sendable {
    /// The id.
    public let id: String
    /// The name of its type.
    public let name: String
    /// The version that its code declared when it was started.
    public let version: Int
    /// The state.
    public let state: WorkflowState
    /// Why it is paused, if it is.
    public let reason: PauseReason?
    /// What it waits for, in words, if it is parked.
    public let waitingFor: String?
    /// When a process takes it up again, if it waits for a time.
    public let wakesAt: Date?
    /// What it failed with, or why it is paused.
    public let error: StepFailure?
    /// When it was started, by the database's clock.
    public let createdAt: Date
    /// When it ended, if it has.
    public let finishedAt: Date?
}

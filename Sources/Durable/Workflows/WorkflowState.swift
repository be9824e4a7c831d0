// SPDX-License-Identifier: Apache-2.0

/// The state of a workflow: the only words for it in code, SQL and documentation.
public enum WorkflowState: String, Sendable, Hashable, Codable, CaseIterable {
    /// Waits for a process to take it.
    case queued
    /// A process runs it now.
    case running
    /// Healthy, and waiting for a time or for something to happen.
    case waiting
    /// Needs a person; the reason says why.
    case paused
    /// Was asked to end, and cleans up.
    case cancelling
    /// Ended with a result.
    case succeeded
    /// Ended with an error.
    case failed
    /// Ended because somebody asked for it.
    case cancelled

    /// Whether the workflow has ended: its state never changes again, unless a person repairs it.
    public var isFinal: Bool {
        switch self {
        case .queued, .running, .waiting, .paused, .cancelling: false
        case .succeeded, .failed, .cancelled: true
        }
    }
}

/// Why a workflow is paused.
public enum PauseReason: String, Sendable, Hashable, Codable, CaseIterable {
    /// A person paused it.
    case `operator`
    /// The code no longer matches the recorded history.
    case diverged
    /// A recorded value can no longer be read as the type that the code expects.
    case undecodable
    /// Its process died again and again while it ran.
    case crashLoop = "crash_loop"
    /// A step used up its attempts, and its policy says to pause: ``RetryPolicy/pausingWhenExhausted()``.
    case retriesExhausted = "retries_exhausted"
    /// The undo of a step failed.
    case undoFailed = "undo_failed"
}

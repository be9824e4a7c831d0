// SPDX-License-Identifier: Apache-2.0

/// What became of one item of a bulk start.
public struct EnqueueOutcome: Sendable, Hashable {
    /// Which of three things became of it.
    public enum Result: Sendable, Hashable {
        /// It was started.
        case started
        /// A workflow with this id, name and input was there before.
        case existing
        /// Nothing was started for it, and why: an id that cannot be one or is taken by something else, an input that cannot be written.
        case refused(String)
    }

    /// The workflow's id.
    public let id: String
    /// What became of it.
    public let result: Result
}

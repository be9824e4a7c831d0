// SPDX-License-Identifier: Apache-2.0

/// A step that a workflow's type declares: its name, and what kind of step it is.
public struct StepDescription: Sendable, Hashable, Codable {
    /// What kind of step it is.
    public enum Kind: String, Sendable, Hashable, Codable {
        /// Runs at least once, and is recorded once.
        case step
        /// Commits with its checkpoint, exactly once.
        case transaction
    }

    /// What it is called in the journal, views and logs.
    public var name: String
    /// What kind of step it is.
    public var kind: Kind

    /// Describes a step.
    public init(_ name: String, kind: Kind) {
        self.name = name
        self.kind = kind
    }
}

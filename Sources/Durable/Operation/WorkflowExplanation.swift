// SPDX-License-Identifier: Apache-2.0

/// Why a workflow is where it is.
public struct WorkflowExplanation: Sendable, Hashable {
    /// One sentence for a person.
    ///
    /// `It waits for signal approval since 2026-01-01 09:00:00 UTC, until 2026-01-04 09:00:00 UTC at the latest.`
    public let sentence: String
    /// What the sentence is made of, as a JSON object: state, step, attempt, error, executor and so on; no payloads.
    public let facts: String
}

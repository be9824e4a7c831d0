// SPDX-License-Identifier: Apache-2.0

/// No value: the input of a workflow that takes none, or the result of one that returns none.
///
/// Recorded as SQL NULL, while an optional that is nil is recorded as the JSON text `null`.
public struct Nothing: Codable, Sendable, Hashable {
    /// The only value.
    public init() {}
}

// SPDX-License-Identifier: Apache-2.0

/// What a function's typed throws means for the record of its error.
///
/// What the annotations write calls it; there is no need to.
public enum ThrownError {
    /// An error that is `Codable` is recorded, and thrown again as itself on replay.
    public static func recorded<Failure: Error & Codable & Sendable>(
        _ type: Failure.Type
    ) -> [any (Error & Codable & Sendable).Type] {
        [type]
    }

    /// Any other is thrown as a `StepFailure`, live and on replay alike.
    public static func recorded<Failure: Error>(_ type: Failure.Type) -> [any (Error & Codable & Sendable).Type] {
        []
    }
}

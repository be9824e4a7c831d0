// SPDX-License-Identifier: Apache-2.0

/// What a program returns.
struct ProgramEnd: Codable, Sendable, Hashable {
    /// The workflow that ran it.
    var workflow: String
    /// Everything that it was given.
    var digest: Int64
}

/// What a program throws that fails, or a saga of it that does.
struct ProgramFailure: Error, Codable, Sendable, Hashable {
    /// The workflow that ran it.
    var workflow: String
    /// The saga, or nil for the program.
    var saga: Int?
}

/// What an attempt throws that is to fail.
struct PlannedFailure: Error {}

// SPDX-License-Identifier: Apache-2.0

/// An attempt of a step that runs now.
struct RunningAttempt: Sendable {
    let place: Place
    let name: String
    let kind: JournalKind
    let number: Int16
    /// By the database's clock.
    let startedAt: Int64
}

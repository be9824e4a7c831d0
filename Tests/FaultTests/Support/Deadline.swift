// SPDX-License-Identifier: Apache-2.0

/// What a test waited for in vain, and what it saw instead.
struct NeverHappened: Error, CustomStringConvertible {
    let what: String
    let limit: Duration
    let seen: String

    var description: String { "not within \(self.limit): \(self.what); seen instead: \(self.seen)" }
}

/// Waits for something that can be observed, and reports what it saw when the time is up.
///
/// - Parameter look: Nil when it has happened; else what is seen now.
func wait(
    _ what: String,
    within limit: Duration = .seconds(60),
    _ look: () async throws -> String?
) async throws {
    let end = ContinuousClock.now + limit
    while true {
        guard let seen = try await look() else { return }
        guard ContinuousClock.now < end else { throw NeverHappened(what: what, limit: limit, seen: seen) }
        try await Task.sleep(for: .milliseconds(5))
    }
}

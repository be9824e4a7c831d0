// SPDX-License-Identifier: Apache-2.0

/// Waits for something that can be observed.
enum Deadline {
    /// What was waited for in vain.
    struct Passed: Error, CustomStringConvertible {
        let description: String
    }

    static func wait(
        _ what: String,
        within limit: Duration,
        every interval: Duration = .milliseconds(10),
        _ look: () async throws -> Bool
    ) async throws {
        let end = ContinuousClock.now + limit
        while try await !look() {
            guard ContinuousClock.now < end else { throw Passed(description: "not within \(limit): \(what)") }
            try await Task.sleep(for: interval)
        }
    }
}

// SPDX-License-Identifier: Apache-2.0

package import Testing

/// Waits until a condition holds, and reports what did not happen when the time is up.
///
/// - Parameters:
///   - what: What is waited for, in words.
///   - limit: How long; generous, since machines are loaded.
package func eventually(
    _ what: String,
    within limit: Duration = .seconds(60),
    sourceLocation: SourceLocation = #_sourceLocation,
    _ condition: () async throws -> Bool
) async throws {
    let end = ContinuousClock.now + limit
    while try await !condition() {
        guard ContinuousClock.now < end else {
            Issue.record("\(what): not within \(limit)", sourceLocation: sourceLocation)
            throw NeverHappened(what: what)
        }
        try await Task.sleep(for: .milliseconds(5))
    }
}

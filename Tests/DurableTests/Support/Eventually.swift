// SPDX-License-Identifier: Apache-2.0

import Synchronization
import Testing

/// Waits until a condition holds, and reports what did not happen when the time is up.
func eventually(
    _ what: String,
    within limit: Duration = .seconds(20),
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

/// What `eventually` waited for in vain.
struct NeverHappened: Error, CustomStringConvertible {
    var what: String
    var description: String { "it never happened: \(self.what)" }
}

/// Collects what callbacks report, from any thread.
final class Recorder<Event: Sendable>: Sendable {
    private let events = Mutex<[Event]>([])

    func record(_ event: Event) { self.events.withLock { $0.append(event) } }

    var all: [Event] { self.events.withLock { $0 } }
}

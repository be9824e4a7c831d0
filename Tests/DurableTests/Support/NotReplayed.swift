// SPDX-License-Identifier: Apache-2.0

import DurableTesting
import Testing

/// Exempts a test from `DURABLE_ALWAYS_REPLAY`: it runs all the same, and its engines replay only when they must.
struct NotReplayed: TestTrait, TestScoping {
    /// Why it makes no sense with replays after every checkpoint.
    let reason: String

    var comments: [Comment] { [Comment(rawValue: "not replayed after every checkpoint: \(self.reason)")] }

    func provideScope(
        for test: Test,
        testCase: Test.Case?,
        performing function: @concurrent @Sendable () async throws -> Void
    ) async throws {
        try await ReplayMode.$isExempt.withValue(true) { try await function() }
    }
}

extension Trait where Self == NotReplayed {
    /// Exempts a test from `DURABLE_ALWAYS_REPLAY`.
    static func notReplayed(_ reason: String) -> Self { NotReplayed(reason: reason) }
}

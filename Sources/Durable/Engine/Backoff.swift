// SPDX-License-Identifier: Apache-2.0

/// Pauses of the engine's own loops.
enum Backoff {
    /// Waits before the next try: longer and longer up to 2 seconds, spread so that processes do not come together.
    static func pause(_ tries: Int) async {
        let milliseconds = min(2_000, 10 << min(max(0, tries), 8))
        await self.sleep(.milliseconds(milliseconds))
    }

    /// Sleeps about so long: up to a fifth more or less.
    ///
    /// Ends early when the task is cancelled.
    static func sleep(_ duration: Duration) async {
        // Cancelled: whoever loops looks for that itself.
        try? await Task.sleep(for: duration * Double.random(in: 0.8...1.2))
    }

    /// Waits for an operation, at most for so long.
    ///
    /// - Returns: Whether it ended in time. Else it goes on by itself.
    static func finishes(within limit: Duration, _ operation: @escaping @Sendable () async -> Void) async -> Bool {
        do {
            try await withTimeout(max(limit, .milliseconds(1)), name: "", operation)
            return true
        } catch {
            return false
        }
    }
}

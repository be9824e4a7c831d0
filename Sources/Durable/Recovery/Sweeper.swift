// SPDX-License-Identifier: Apache-2.0

import Logging

/// Takes over from the dead, and gives back what this process owns and does not run: for as long as the engine runs.
struct Sweeper: Sendable {
    let core: EngineCore
    let recovery: Recovery
    /// Rings when there may be something to take over before the next turn.
    let bell: Bell

    /// Takes over from the dead, at boot and again and again.
    ///
    /// - Parameter swept: Called when the first turn is done.
    func sweepForEver(swept: () async -> Void) async {
        var isFirst = true
        while !Task.isCancelled {
            let pause = await self.turn()
            if isFirst {
                isFirst = false
                await swept()
            }
            await self.bell.wait(atMost: pause)
        }
    }

    /// - Returns: When to come again.
    private func turn() async -> Duration {
        var pause = self.core.options.lease / 3
        guard let lease = self.core.executor.lease else { return pause }
        await self.core.attempt("recovery.sweep_failed") {
            let report = try await self.recovery.sweep(as: lease) { self.core.claims.ring() }
            self.core.metrics?.recovered(report)
            // Who lives renews long before: only the lease of one that may be dead ends before the next turn. The pauses
            // are up to a fifth longer than asked for, so the end is come closer to in several.
            if let end = try await self.recovery.nextLeaseEnd(as: lease) {
                pause = min(pause, max(end * 0.8, .milliseconds(50)))
            }
        }
        return pause
    }

    /// Gives back what this process owns and does not run.
    func releaseOrphansForEver() async {
        while !Task.isCancelled {
            await Backoff.sleep(self.core.options.poll * 5)
            guard let lease = self.core.executor.lease else { continue }
            await self.core.attempt("recovery.orphans_failed") {
                let runs = self.core.runs
                _ = try await self.recovery.releaseOrphans(of: lease) { id, token in runs.contains(id, token: token) }
            }
        }
    }
}

// SPDX-License-Identifier: Apache-2.0

import Logging

extension EngineParts {
    /// Deletes what is over, gently, for as long as it runs.
    func pruneForEver() async {
        // Not at boot, when there is enough to do.
        var pause = min(self.core.options.retentionInterval, .seconds(60))
        while !Task.isCancelled {
            await Backoff.sleep(pause)
            if Task.isCancelled { return }
            await self.core.attempt("retention.failed") { pause = try await self.retention.turn() }
        }
    }
}

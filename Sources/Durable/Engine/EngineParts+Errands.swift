// SPDX-License-Identifier: Apache-2.0

import Logging

/// What is done whenever a bell rings, and from time to time in any case.
extension EngineParts {
    /// Brings what comes in to workflows, whenever there may be something.
    func routeForEver() async {
        while !Task.isCancelled {
            await self.router.bell.wait(atMost: self.core.options.spareInterval)
            if Task.isCancelled { return }
            await self.core.attempt("router.failed") { try await self.router.turn() }
        }
    }

    /// Carries requests to cancel and the ends of children, whenever there may be some.
    func routeLineageForEver() async {
        while !Task.isCancelled {
            await self.lineage.bell.wait(atMost: self.core.options.spareInterval)
            if Task.isCancelled { return }
            await self.core.attempt("lineage.failed") { try await self.lineage.turn() }
        }
    }

    /// Does what people ask, for as long as it runs.
    func obeyOperatorsForEver() async {
        while !Task.isCancelled {
            await self.requests.wait(atMost: self.core.options.spareInterval)
            await self.obeyOperators()
        }
    }

    func obeyOperators() async {
        guard let lease = self.core.executor.lease else { return }
        await self.core.attempt("operator.look_failed") {
            try await self.core.desk.turn(as: lease.identity.number, runs: self.core.runs, coder: self.core.coder)
        }
    }

    /// Measures what waits, where somebody collects metrics.
    func measureQueuesForEver() async {
        guard let gauges else { return }
        while !Task.isCancelled {
            await self.core.attempt("metrics.look_failed") { try await gauges.look() }
            await Backoff.sleep(QueueGauges.interval)
        }
    }
}

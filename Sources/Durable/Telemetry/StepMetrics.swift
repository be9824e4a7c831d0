// SPDX-License-Identifier: Apache-2.0

import Metrics

/// What is measured of the steps of one name.
struct StepMetrics: Sendable {
    let succeeded: Timer
    let failed: Timer
    let retries: Counter

    init(_ workflow: String, _ step: String, _ factory: any MetricsFactory) {
        self.succeeded = factory.timer(.stepDuration, workflow, step, "succeeded")
        self.failed = factory.timer(.stepDuration, workflow, step, "failed")
        self.retries = factory.counter(.stepRetries, workflow, step)
    }
}

// SPDX-License-Identifier: Apache-2.0

import Metrics

/// What is measured of the workflows that wait for a process.
struct QueueMetrics: Sendable {
    let depth: Gauge
    let age: Gauge

    init(_ workflow: String, _ factory: any MetricsFactory) {
        self.depth = factory.gauge(.queueDepth, workflow)
        self.age = factory.gauge(.queueAge, workflow)
    }
}

// SPDX-License-Identifier: Apache-2.0

import CoreMetrics
import MetricsTestKit

/// What was counted, for tests that have a metric beside other things.
struct TestCounters {
    private let metrics = TestMetrics()

    var factory: any MetricsFactory { self.metrics }

    func total(_ name: String) -> Int64 { self.metrics.counterTotal(label: name) }
}

// SPDX-License-Identifier: Apache-2.0

import Durable
import Metrics
import Tracing

func observed(by metrics: any MetricsFactory, _ tracer: any Tracer) -> EngineOptions {
    var options = EngineOptions()
    options.metrics = metrics
    options.tracer = tracer
    return options
}

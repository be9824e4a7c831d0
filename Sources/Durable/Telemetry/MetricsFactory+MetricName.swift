// SPDX-License-Identifier: Apache-2.0

import Metrics

extension MetricsFactory {
    func counter(_ name: MetricName, _ values: String...) -> Counter {
        Counter(label: name.rawValue, dimensions: Array(zip(name.dimensions, values)), factory: self)
    }

    func timer(_ name: MetricName, _ values: String...) -> Timer {
        Timer(label: name.rawValue, dimensions: Array(zip(name.dimensions, values)), factory: self)
    }

    func recorder(_ name: MetricName, _ values: String...) -> Recorder {
        Recorder(
            label: name.rawValue,
            dimensions: Array(zip(name.dimensions, values)),
            aggregate: true,
            factory: self
        )
    }

    func gauge(_ name: MetricName, _ values: String...) -> Gauge {
        Gauge(label: name.rawValue, dimensions: Array(zip(name.dimensions, values)), factory: self)
    }
}

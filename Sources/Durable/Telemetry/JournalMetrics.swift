// SPDX-License-Identifier: Apache-2.0

import Metrics

/// What is measured of the journal writer.
package struct JournalMetrics: Sendable {
    let rows: Recorder
    let flush: Timer

    init(_ factory: any MetricsFactory) {
        self.rows = factory.recorder(.batchRows)
        self.flush = factory.timer(.flush)
    }

    /// A batch was acknowledged.
    func committed(_ rows: Int, since sent: ContinuousClock.Instant) {
        self.rows.record(rows)
        self.flush.recordMicroseconds(Int64((ContinuousClock.now - sent) / .microseconds(1)))
    }
}

// SPDX-License-Identifier: Apache-2.0

/// How long each of many things took.
struct Latencies: Sendable {
    /// In milliseconds.
    var samples: [Double] = []

    func percentile(_ share: Double) -> Double {
        let sorted = self.samples.sorted()
        return sorted.isEmpty ? .infinity : sorted[min(sorted.count - 1, Int(Double(sorted.count) * share))]
    }
}

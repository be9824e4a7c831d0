// SPDX-License-Identifier: Apache-2.0

/// What the rounds came to for one name.
struct Figure: Sendable {
    let name: String
    let words: String
    let unit: Reading.Unit
    /// One for each round, in order.
    var samples: [Double]

    var median: Double {
        let sorted = self.samples.sorted()
        guard let upper = sorted.dropFirst(sorted.count / 2).first else { return 0 }
        return sorted.count % 2 == 1 ? upper : (sorted[sorted.count / 2 - 1] + upper) / 2
    }
    var least: Double { self.samples.min() ?? 0 }
    var most: Double { self.samples.max() ?? 0 }
}

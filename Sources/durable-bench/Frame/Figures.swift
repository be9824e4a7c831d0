// SPDX-License-Identifier: Apache-2.0

/// Everything that was measured, in the order in which it came.
struct Figures: Sendable {
    private(set) var all: [Figure] = []
    private var places: [String: Int] = [:]

    subscript(name: String) -> Figure? { self.places[name].map { self.all[$0] } }

    mutating func add(_ reading: Reading) {
        self.add(reading.name, reading.words, reading.unit, [reading.value])
    }

    private mutating func add(_ name: String, _ words: String, _ unit: Reading.Unit, _ samples: [Double]) {
        if let place = self.places[name] {
            self.all[place].samples += samples
        } else {
            self.places[name] = self.all.count
            self.all.append(Figure(name: name, words: words, unit: unit, samples: samples))
        }
    }

    /// Adds a ratio, if both of its sides were measured.
    ///
    /// The speed of a machine drifts from minute to minute, so it is taken within each round where both sides have as many.
    mutating func add(_ ratio: Ratio) {
        let sides = ratio.denominators.compactMap { self[$0] }
        guard let above = self[ratio.numerator], let below = sides.max(by: { $0.median < $1.median }) else { return }
        let samples =
            above.samples.count == below.samples.count
            ? zip(above.samples, below.samples).map { $0 / $1 } : [above.median / below.median]
        guard samples.allSatisfy(\.isFinite) else { return }
        self.add(ratio.name, ratio.words, .times, samples)
    }
}

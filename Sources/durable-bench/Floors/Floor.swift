// SPDX-License-Identifier: Apache-2.0

/// What a figure must reach, on 2 cores that Postgres has to share.
struct Floor: Sendable {
    enum Bound: Sendable {
        case atLeast(Double)
        case atMost(Double)
    }

    let figure: String
    let bound: Bound

    init(_ figure: String, _ bound: Bound) {
        self.figure = figure
        self.bound = bound
    }

    /// Whether the median is on the right side.
    func isMet(by figure: Figure) -> Bool {
        switch self.bound {
        case .atLeast(let least): figure.median >= least
        case .atMost(let most): figure.median <= most
        }
    }

    /// The bound in words, such as `≥ 20,000 /s`.
    func words(_ unit: Reading.Unit) -> String {
        switch self.bound {
        case .atLeast(let least): "≥ " + NumberText.short(least, unit)
        case .atMost(let most): "≤ " + NumberText.short(most, unit)
        }
    }
}

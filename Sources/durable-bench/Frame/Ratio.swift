// SPDX-License-Identifier: Apache-2.0

/// One figure over another: what remains comparable when the machine is another one.
struct Ratio: Sendable {
    let name: String
    let words: String
    let numerator: String
    /// The best of these is the denominator; those that were not measured are left out.
    let denominators: [String]

    init(_ name: String, _ words: String, _ numerator: String, over denominators: String...) {
        self.init(name, words, numerator, overTheBestOf: denominators)
    }

    init(_ name: String, _ words: String, _ numerator: String, overTheBestOf denominators: [String]) {
        self.name = name
        self.words = words
        self.numerator = numerator
        self.denominators = denominators
    }
}

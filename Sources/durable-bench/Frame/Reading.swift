// SPDX-License-Identifier: Apache-2.0

/// One number that was measured once.
struct Reading: Sendable {
    /// What it is called in floors, ratios and JSON, such as `steps.1000`.
    let name: String
    /// What it is, for people.
    let words: String
    let value: Double
    let unit: Unit

    init(_ name: String, _ words: String, _ value: Double, _ unit: Unit) {
        self.name = name
        self.words = words
        self.value = value
        self.unit = unit
    }

    /// What a number counts.
    enum Unit: String, Sendable {
        case perSecond = "/s"
        case seconds = "s"
        case milliseconds = "ms"
        case microseconds = "µs"
        case bytes = "B"
        case mebibytes = "MiB"
        case percent = "%"
        case times = "×"
        case count = ""
    }
}

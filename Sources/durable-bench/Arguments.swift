// SPDX-License-Identifier: Apache-2.0

/// What the command line asks for.
struct Arguments {
    /// What is measured.
    enum Scenario: String {
        /// One workflow and 1,000 at once, beside the database without an engine.
        case steps
        /// 1,000 workflows with many finished ones in the tables, beside empty tables.
        case growth
        /// From a signal in one process to the wake-up in another.
        case wake
        /// Many sleeping workflows beside few.
        case sleepers
        /// One workflow with many children.
        case fanout
    }

    static let usage = """
        usage: bench steps [--rounds 5] [--seconds 3] | growth [--rounds 5] [--finished 10000000] | wake [--wakes 500] \
        | sleepers [--sleepers 1000000] [--due 50000] | fanout [--children 10000]
        """

    let scenario: Scenario
    /// How often everything is measured; the medians count.
    var rounds = 5
    /// How long each measurement takes, about.
    var seconds = 3
    /// How many finished workflows the tables hold.
    var finished = 10_000_000
    /// How many workflows are woken one after the other.
    var wakes = 500
    /// How many workflows sleep.
    var sleepers = 1_000_000
    /// How many of them come due at once.
    var due = 50_000
    /// How many children one workflow has.
    var children = 10_000

    struct Misuse: Error, CustomStringConvertible {
        var description: String
    }

    init(_ words: some Sequence<String>) throws {
        var words = Array(words)
        guard let scenario = words.first.flatMap({ Scenario(rawValue: $0) }) else {
            throw Misuse(description: Self.usage)
        }
        self.scenario = scenario
        words.removeFirst()
        while let option = words.first {
            guard words.count > 1, let number = Int(words[1]), (1...100_000_000).contains(number) else {
                throw Misuse(description: "\(option) needs a number from 1 to 100,000,000")
            }
            switch option {
            case "--rounds": self.rounds = number
            case "--seconds": self.seconds = number
            case "--finished": self.finished = number
            case "--wakes": self.wakes = number
            case "--sleepers": self.sleepers = number
            case "--due": self.due = number
            case "--children": self.children = number
            default: throw Misuse(description: "\(option) is no option")
            }
            words.removeFirst(2)
        }
    }
}

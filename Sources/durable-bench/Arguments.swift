// SPDX-License-Identifier: Apache-2.0

/// What the command line asks for.
struct Arguments {
    /// How often everything is measured; the medians count.
    var rounds = 5
    /// How long each measurement takes, about.
    var seconds = 3

    struct Misuse: Error, CustomStringConvertible {
        var description: String
    }

    init(_ words: some Sequence<String>) throws {
        var words = Array(words)
        guard words.first == "steps" else { throw Misuse(description: "usage: bench steps [--rounds 5] [--seconds 3]") }
        words.removeFirst()
        while let option = words.first {
            guard words.count > 1, let number = Int(words[1]), (1...1000).contains(number) else {
                throw Misuse(description: "\(option) needs a number from 1 to 1000")
            }
            switch option {
            case "--rounds": self.rounds = number
            case "--seconds": self.seconds = number
            default: throw Misuse(description: "\(option) is no option")
            }
            words.removeFirst(2)
        }
    }
}

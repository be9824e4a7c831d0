// SPDX-License-Identifier: Apache-2.0

/// A program, and what the outside does with it.
struct Scenario: Codable, Sendable, Hashable {
    /// The id that it is started under.
    var id: String
    /// From which seed the program is.
    var seed: UInt64
    var program: Program
    /// The version of the code that it is started with.
    var version: Int
    /// Whether a process that runs workflows starts it, or a client.
    var isStartedByWorker: Bool
    /// Whether it is put into a queue.
    var isQueued = false
    /// After how many milliseconds somebody cancels it, wherever it is by then; nil: nobody does.
    var cancelledAfter: Int?

    /// The scenario of a seed.
    init(id: String, seed: UInt64) {
        var random = SplitMix(seed: seed)
        self.id = id
        self.seed = seed
        self.program = ProgramGenerator.program(seed: random.next())
        self.version = random.chance(30) ? 2 : 1
        self.isStartedByWorker = random.chance(40)
        self.cancelledAfter = random.chance(8) ? random.pick(1...3_000) : nil
        self.isQueued = !self.isStartedByWorker && random.chance(25)
    }

    /// What it uses.
    var operators: Set<Operator> {
        var used = self.program.operators
        if self.cancelledAfter != nil { used.insert(.cancellation) }
        if self.isQueued { used.insert(.queued) }
        return used
    }
}

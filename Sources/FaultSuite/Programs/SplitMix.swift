// SPDX-License-Identifier: Apache-2.0

/// The generator of everything that is random in the suite: a seed gives the same numbers on every machine.
struct SplitMix: RandomNumberGenerator, Sendable {
    private var state: UInt64

    init(seed: UInt64) { self.state = seed }

    mutating func next() -> UInt64 {
        self.state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = self.state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    /// A number of the range.
    mutating func pick(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &self) }

    /// True so many times of a hundred.
    mutating func chance(_ percent: Int) -> Bool { self.pick(1...100) <= percent }

    /// A generator of its own for a part: what the part draws changes nothing for the others.
    mutating func branch() -> SplitMix { SplitMix(seed: self.next()) }
}

extension SplitMix {
    /// A generator of its own for a part that has a name.
    func branched(by name: String) -> SplitMix {
        var copy = self
        let hash = name.utf8.reduce(UInt64(14_695_981_039_346_656_037)) { ($0 ^ UInt64($1)) &* 1_099_511_628_211 }
        return SplitMix(seed: copy.next() ^ hash)
    }
}

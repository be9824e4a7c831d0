// SPDX-License-Identifier: Apache-2.0

#if canImport(FoundationEssentials)
    public import FoundationEssentials
#else
    public import Foundation
#endif

/// The random numbers of a workflow: the same on every replay, in every process and on every platform.
///
/// Each scope has a sequence of its own, made from the 128 random bits that were stored when the workflow was started, so that it
/// does not depend on how concurrent branches interleave. The sequence can be computed by whoever can read the seed in the
/// database: use the system's generator, in a step, for tokens that must not be guessed.
///
/// ```swift
/// var random = workflow.random
/// let bucket = Int.random(in: 0..<10, using: &random)
/// ```
///
/// What is drawn in a workflow should be whole words or integers: how the standard library makes other values of them may differ
/// between its versions.
public struct SeededRandom: RandomNumberGenerator, Sendable {
    // xoshiro256**, by David Blackman and Sebastiano Vigna, whose state is the SHA-256 of the seed and the scope.
    private var state: (UInt64, UInt64, UInt64, UInt64)

    /// The sequence of one scope of a workflow.
    package init(seed: UUID, scope: String) {
        let digest = SHA256.digest(of: seed.bytes + [UInt8](scope.utf8))
        func word(_ index: Int) -> UInt64 { digest[index * 8..<index * 8 + 8].reduce(0) { $0 << 8 | UInt64($1) } }
        // A digest of nothing but zeros, the one state that does not move, is not going to be met.
        self.state = (word(0), word(1), word(2), word(3))
    }

    /// The next 64 random bits.
    public mutating func next() -> UInt64 {
        func rotated(_ word: UInt64, _ count: UInt64) -> UInt64 { word << count | word >> (64 - count) }
        let result = rotated(self.state.1 &* 5, 7) &* 9
        let shifted = self.state.1 << 17
        self.state.2 ^= self.state.0
        self.state.3 ^= self.state.1
        self.state.1 ^= self.state.2
        self.state.0 ^= self.state.3
        self.state.2 ^= shifted
        self.state.3 = rotated(self.state.3, 45)
        return result
    }

    /// A random UUID (version 4), made from the next 128 bits.
    public mutating func uuid() -> UUID {
        let high = self.next() & ~0xF000 | 0x4000
        return UUID(high: high, low: self.next() >> 2 | 0x8000_0000_0000_0000)
    }
}

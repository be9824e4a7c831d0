// SPDX-License-Identifier: Apache-2.0

/// A hash of everything that a program has been given so far, in order.
///
/// Steps return random numbers. So what a step was given tells whether what it depends on was the same whenever it was run:
/// an effect that began before its causes were durable has another trail the second time.
struct Trail: Sendable {
    private(set) var digest: Int64

    init(_ digest: Int64 = 1) { self.digest = digest }

    mutating func add(_ value: Int64) {
        var random = SplitMix(
            seed: UInt64(bitPattern: self.digest) ^ (UInt64(bitPattern: value) &* 0xD6E8_FEB8_6659_FD93)
        )
        self.digest = Int64(bitPattern: random.next())
    }
}

// SPDX-License-Identifier: Apache-2.0

import Synchronization

#if canImport(FoundationEssentials)
    package import FoundationEssentials
#else
    package import Foundation
#endif

/// Makes UUIDs of version 7: in the order of time, each greater than the one before, whatever the clock does.
///
/// 48 bits of Unix milliseconds, 12 bits that count within a millisecond from a random start, 62 random bits.
package struct UUIDv7: Sendable {
    private var milliseconds: UInt64 = 0
    private var counter: UInt16 = 0

    package init() {}

    /// The next one.
    ///
    /// - Parameter milliseconds: the time since 1970; earlier than before counts as not later.
    package mutating func next(milliseconds: UInt64, random: inout some RandomNumberGenerator) -> UUID {
        let words = self.words(milliseconds: milliseconds, random: (random.next(), random.next()))
        return UUID(high: words.high, low: words.low)
    }

    private mutating func words(
        milliseconds: UInt64,
        random: (UInt64, UInt64)
    ) -> (high: UInt64, low: UInt64) {
        if milliseconds > self.milliseconds {
            self.milliseconds = milliseconds & 0xFFFF_FFFF_FFFF
            // The upper half of the counter is left for what follows in the same millisecond.
            self.counter = UInt16(random.0 & 0x7FF)
        } else if self.counter < 0xFFF {
            self.counter += 1
        } else {
            self.milliseconds += 1
            self.counter = UInt16(random.0 & 0x7FF)
        }
        let high = self.milliseconds << 16 | 0x7000 | UInt64(self.counter)
        return (high, random.1 >> 2 | 0x8000_0000_0000_0000)
    }

    private static let shared = Mutex(UUIDv7())

    /// A new id for a workflow whose caller gave none: the 128 bits as 22 digits and letters, in the order of time.
    ///
    /// Every row of the workflow repeats it, in its table and in its index. In the usual form of 36 characters a step takes 48 bytes
    /// more of the log.
    package static func text() -> String {
        var random = SystemRandomNumberGenerator()
        return self.text(random: (random.next(), random.next()))
    }

    /// The same with chance that was drawn before.
    static func text(random: (UInt64, UInt64)) -> String {
        let now = UInt64(max(0, Date().timeIntervalSince1970 * 1000))
        let words = self.shared.withLock { $0.words(milliseconds: now, random: random) }
        return self.text(high: words.high, low: words.low)
    }

    /// Both halves in base 62, with digits whose order is that of their bytes.
    static func text(high: UInt64, low: UInt64) -> String {
        String(unsafeUninitializedCapacity: 2 * self.halfWidth) { bytes in
            for (half, start) in [(high, 0), (low, self.halfWidth)] {
                var rest = half
                for index in (start..<start + self.halfWidth).reversed() {
                    let (quotient, digit) = rest.quotientAndRemainder(dividingBy: 62)
                    bytes[index] = self.digit(UInt8(truncatingIfNeeded: digit))
                    rest = quotient
                }
            }
            return 2 * self.halfWidth
        }
    }

    /// So many digits hold 64 bits.
    private static let halfWidth = 11

    private static func digit(_ value: UInt8) -> UInt8 {
        switch value {
        case ..<10: UInt8(ascii: "0") + value
        case ..<36: UInt8(ascii: "A") + value - 10
        default: UInt8(ascii: "a") + value - 36
        }
    }
}

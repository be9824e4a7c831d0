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
        if milliseconds > self.milliseconds {
            self.milliseconds = milliseconds & 0xFFFF_FFFF_FFFF
            // The upper half of the counter is left for what follows in the same millisecond.
            self.counter = UInt16(random.next() & 0x7FF)
        } else if self.counter < 0xFFF {
            self.counter += 1
        } else {
            self.milliseconds += 1
            self.counter = UInt16(random.next() & 0x7FF)
        }
        let high = self.milliseconds << 16 | 0x7000 | UInt64(self.counter)
        return UUID(high: high, low: random.next() >> 2 | 0x8000_0000_0000_0000)
    }

    private static let shared = Mutex(UUIDv7())

    /// A new id for a workflow whose caller gave none, as text in lower case.
    package static func text() -> String {
        let now = UInt64(max(0, Date().timeIntervalSince1970 * 1000))
        var random = SystemRandomNumberGenerator()
        return self.shared.withLock { $0.next(milliseconds: now, random: &random) }.uuidString.lowercased()
    }
}

// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@testable import Durable

@Suite struct RandomTests {
    private let seed = UUID(high: 0x0123_4567_89AB_CDEF, low: 0xFEDC_BA98_7654_3210)

    @Test func `a seed and a scope give the same numbers everywhere`() {
        // Computed apart from this implementation; a change of these numbers would make every running workflow diverge.
        var root = SeededRandom(seed: self.seed, scope: "")
        #expect(
            (0..<4).map { _ in root.next() } == [
                0xC2A7_A065_1C28_C1D4,
                0x9E67_C55E_E8DD_2A25,
                0x62A0_0C52_6966_78D2,
                0x6537_2387_33DB_CEC6,
            ]
        )
        var branch = SeededRandom(seed: self.seed, scope: "parallel[1]/map[3]")
        #expect(
            (0..<2).map { _ in branch.next() } == [
                0x3664_654E_C447_406D,
                0xBBA6_103D_81A2_0544,
            ]
        )
    }

    @Test func `scopes and seeds have sequences of their own`() {
        var firsts: Set<UInt64> = []
        for index in 0..<1000 {
            var scope = SeededRandom(seed: self.seed, scope: "map[\(index)]")
            firsts.insert(scope.next())
            var other = SeededRandom(seed: UUID(high: 0, low: UInt64(index)), scope: "")
            firsts.insert(other.next())
        }
        #expect(firsts.count == 2000)
    }

    @Test func `seeded identifiers have the form of version 4`() {
        var random = SeededRandom(seed: self.seed, scope: "")
        let ids = (0..<1000).map { _ in random.uuid() }
        #expect(Set(ids).count == 1000)
        #expect(ids.allSatisfy { $0.bytes[6] >> 4 == 4 && $0.bytes[8] >> 6 == 2 })
        var again = SeededRandom(seed: self.seed, scope: "")
        #expect(again.uuid() == ids[0])
    }

    @Test func `new ids have the form of version 7 and the order of time`() {
        var generator = UUIDv7()
        var random = SplitMix64(state: 5)
        // Many in one millisecond, and a clock that goes back.
        let times = [UInt64](repeating: 1_700_000_000_000, count: 10_000) + [1_600_000_000_000, 1_700_000_000_005, 0]
        let ids = times.map { generator.next(milliseconds: $0, random: &random) }
        let texts = ids.map(\.uuidString)
        #expect(zip(texts, texts.dropFirst()).allSatisfy { $0 < $1 })
        #expect(ids.allSatisfy { $0.bytes[6] >> 4 == 7 && $0.bytes[8] >> 6 == 2 })
        #expect(texts[0].hasPrefix("018BCFE5-6800-7"))
        let made = (0..<1000).map { _ in UUIDv7.text() }
        #expect(made == made.sorted() && Set(made).count == 1000)
    }

    @Test func `ids of workflows are the bits of a UUID in 22 digits and letters, in the same order`() {
        #expect(UUIDv7.text(high: 0, low: 0) == "0000000000000000000000")
        #expect(UUIDv7.text(high: 61, low: 62) == "0000000000z00000000010")
        // 2^64 - 1 in base 62.
        #expect(UUIDv7.text(high: .max, low: .max) == "LygHa16AHYFLygHa16AHYF")
        var random = SplitMix64(state: 8)
        let words = (0..<1000).map { _ in (high: random.next(), low: random.next()) }
        let inOrder = words.sorted { ($0.high, $0.low) < ($1.high, $1.low) }
        let texts = words.map { UUIDv7.text(high: $0.high, low: $0.low) }
        #expect(inOrder.map { UUIDv7.text(high: $0.high, low: $0.low) } == texts.sorted())
        #expect(UUIDv7.text().utf8.count == 22)
    }

    @Test func `the system's chance never comes twice`() {
        let drawn = (0..<1_000).map { _ in SystemRandom.fourWords() }
        #expect(Set(drawn.flatMap { [$0[0], $0[1], $0[2], $0[3]] }).count == 4_000)
    }

    @Test func `UUIDs are put together from their halves in the order of the text`() {
        #expect(self.seed.uuidString == "01234567-89AB-CDEF-FEDC-BA9876543210")
    }
}

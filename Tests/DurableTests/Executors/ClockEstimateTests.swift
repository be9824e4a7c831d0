// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Durable

@Suite struct ClockEstimateTests {
    @Test func `the offset is that of the middle of the round trip`() {
        let estimate = ClockEstimate(sent: 1_000, received: 1_400, database: 9_001_200)
        #expect(estimate.offset == 9_000_000)
        #expect(estimate.uncertainty == 200)
    }

    @Test func `a slow round trip does not spoil what a fast one has taught`() {
        var estimate = ClockEstimate(sent: 0, received: 200, database: 5_000_100)
        estimate.observe(sent: 1_000_000, received: 1_100_000, database: 6_010_000)
        #expect(estimate.offset == 5_000_000)
    }

    @Test func `an old measurement gives way, since clocks drift`() {
        var estimate = ClockEstimate(sent: 0, received: 200, database: 5_000_100)
        let hour: Int64 = 3_600_000_000
        estimate.observe(sent: hour, received: hour + 20_000, database: hour + 5_110_000)
        #expect(estimate.offset == 5_100_000)
    }

    @Test func `a clock that was set is believed at once, in both directions`() {
        var estimate = ClockEstimate(sent: 0, received: 200, database: 5_000_100)
        estimate.observe(sent: 1_000, received: 9_000, database: 86_400_005_000)
        #expect(estimate.offset == 86_400_000_000)
        estimate.observe(sent: 10_000, received: 18_000, database: 14_000)
        #expect(estimate.offset == 0)
    }

    @Test func `the clock that is read never goes back`() {
        let clock = DatabaseClock()
        let now = ContinuousClock.now
        clock.observe(sent: now, received: now, database: 1_000_000_000)
        let first = clock.now()
        #expect(first >= 1_000_000_000)
        clock.observe(sent: now, received: now, database: 0)
        #expect(clock.now() >= first)
        clock.reset()
        clock.observe(sent: now, received: now, database: 0)
        #expect(clock.now() < 1_000_000_000)
    }
}

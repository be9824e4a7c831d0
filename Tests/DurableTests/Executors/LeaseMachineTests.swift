// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Durable

@Suite struct LeaseMachineTests {
    /// A lease of 15 s (renewed every 5, margin 1 s, deadline of a renewal 3 s, first retry after 0.5 s), registered at zero.
    static let start = ContinuousClock.now
    static let server: Int64 = 77

    static func at(_ seconds: Double) -> ContinuousClock.Instant { self.start + .seconds(seconds) }

    static func machine() -> LeaseMachine {
        LeaseMachine(options: LeaseOptions(), server: self.server, expiry: 15_000_000, sentAt: self.start)
    }

    static func answer(
        held: Bool = true,
        server: Int64 = LeaseMachineTests.server,
        previous: Int64? = 15_000_000,
        expiry: Int64? = 20_000_000
    ) -> LeaseMachine.Event {
        .answered(RenewalReply(held: held, server: server, clock: 0, previousExpiry: previous, expiry: expiry))
    }

    @Test func `effects may start until the margin before the lease's end, counted from the sending`() {
        let machine = Self.machine()
        #expect(machine.mayStartEffect(at: Self.at(0)))
        #expect(machine.mayStartEffect(at: Self.at(13.999)))
        #expect(!machine.mayStartEffect(at: Self.at(14)))
    }

    @Test func `a renewal is sent when it is due, and not while one is in flight`() {
        var machine = Self.machine()
        #expect(machine.handle(.timer, at: Self.at(1)) == .init(wakeAt: Self.at(5)))
        #expect(machine.handle(.timer, at: Self.at(5)) == .init(renewWithin: .seconds(3), wakeAt: Self.at(14)))
        #expect(machine.handle(.timer, at: Self.at(6)) == .init(wakeAt: Self.at(14)))
    }

    @Test func `a renewal that succeeds extends the deadline from its sending, not from its answer`() {
        var machine = Self.machine()
        _ = machine.handle(.timer, at: Self.at(5))
        #expect(
            machine.handle(Self.answer(), at: Self.at(7)) == .init(wakeAt: Self.at(10), holdUntil: Self.at(19))
        )
        #expect(machine.state == .holding(until: Self.at(19)))
    }

    @Test func `failed renewals are tried again sooner, with growing pauses`() {
        var machine = Self.machine()
        var now = 5.0
        for pause in [0.5, 1, 2, 3, 3] {
            #expect(machine.handle(.timer, at: Self.at(now)).renewWithin == .seconds(3))
            let action = machine.handle(.failed, at: Self.at(now))
            now += pause
            #expect(action.wakeAt == min(Self.at(now), Self.at(14)))
        }
        #expect(machine.failures == 5)
        _ = machine.handle(.timer, at: Self.at(now))
        _ = machine.handle(Self.answer(), at: Self.at(now))
        #expect(machine.failures == 0)
    }

    @Test func `without a renewal the lease lapses once, and a late success restores it`() {
        var machine = Self.machine()
        _ = machine.handle(.timer, at: Self.at(5))
        #expect(machine.handle(.timer, at: Self.at(14)) == .init(change: .lapsed))
        #expect(machine.state == .lapsed)
        #expect(!machine.mayStartEffect(at: Self.at(14.5)))
        #expect(machine.handle(.failed, at: Self.at(15)) == .init(wakeAt: Self.at(15.5)))
        #expect(machine.handle(.timer, at: Self.at(15.5)) == .init(renewWithin: .seconds(3)))
        let action = machine.handle(Self.answer(), at: Self.at(16))
        #expect(action == .init(wakeAt: Self.at(20.5), holdUntil: Self.at(29.5), change: .restored))
        #expect(machine.mayStartEffect(at: Self.at(16)))
    }

    @Test func `an answer that comes after its own deadline helps nobody`() {
        var machine = Self.machine()
        _ = machine.handle(.timer, at: Self.at(5))
        _ = machine.handle(.timer, at: Self.at(14))
        let action = machine.handle(Self.answer(), at: Self.at(40))
        #expect(action.change == nil)
        #expect(machine.state == .lapsed)
        #expect(action.wakeAt == Self.at(10), "the next renewal is overdue")
        #expect(machine.handle(.timer, at: Self.at(40)).renewWithin == .seconds(3))
    }

    @Test func `no lease to renew means that another process took over, for ever`() {
        var machine = Self.machine()
        _ = machine.handle(.timer, at: Self.at(5))
        let action = machine.handle(Self.answer(held: false, previous: nil, expiry: nil), at: Self.at(5))
        #expect(action == .init(change: .ended(.fenced)))
        #expect(!machine.mayStartEffect(at: Self.at(5)))
        #expect(machine.handle(.timer, at: Self.at(60)) == .init(), "nothing wakes the dead")
        #expect(machine.handle(Self.answer(), at: Self.at(60)) == .init())
    }

    @Test func `another server start ends the identity even though the lease was renewed`() {
        var machine = Self.machine()
        _ = machine.handle(.timer, at: Self.at(5))
        #expect(machine.handle(Self.answer(server: 78), at: Self.at(5)) == .init(change: .ended(.incarnationChanged)))
    }

    @Test func `a renewal that reads back less than was written ends the identity`() {
        var machine = Self.machine()
        _ = machine.handle(.timer, at: Self.at(5))
        _ = machine.handle(Self.answer(previous: 15_000_000, expiry: 20_000_000), at: Self.at(5))
        _ = machine.handle(.timer, at: Self.at(10))
        let older = Self.answer(previous: 15_000_000, expiry: 25_000_000)
        #expect(machine.handle(older, at: Self.at(10)) == .init(change: .ended(.incarnationChanged)))
    }

    @Test func `a renewal whose answer was lost may still have been applied`() {
        var machine = Self.machine()
        _ = machine.handle(.timer, at: Self.at(5))
        _ = machine.handle(.failed, at: Self.at(8))
        _ = machine.handle(.timer, at: Self.at(8.5))
        let action = machine.handle(Self.answer(previous: 20_000_000, expiry: 23_500_000), at: Self.at(8.5))
        #expect(action.change == nil)
        #expect(machine.state == .holding(until: Self.at(22.5)))
    }

    @Test func `a stray answer or failure changes nothing`() {
        var machine = Self.machine()
        #expect(machine.handle(.failed, at: Self.at(1)) == .init(wakeAt: Self.at(5)))
        #expect(machine.handle(Self.answer(held: false), at: Self.at(1)) == .init(wakeAt: Self.at(5)))
        #expect(machine.failures == 0)
    }

    @Test func `a stopped lease permits nothing more`() {
        var machine = Self.machine()
        #expect(machine.handle(.end(.stopped), at: Self.at(1)) == .init(change: .ended(.stopped)))
        #expect(!machine.mayStartEffect(at: Self.at(1)))
    }

    /// Random answers, failures and pauses: never an effect later than the last successful sending allows.
    @Test(arguments: 0..<200) func `no sequence of events permits an effect after the true deadline`(seed: UInt64) {
        var random = SplitMix64(state: seed)
        var machine = Self.machine()
        var now = 0.0
        var sentAt: Double?
        var lastGood = 0.0
        var expiry: Int64 = 15_000_000
        for _ in 0..<200 {
            now += Double(random.next() % 4_000) / 1_000
            let event: LeaseMachine.Event
            var good = false
            switch random.next() % 4 {
            case 0 where sentAt != nil:
                event = .failed
            case 1 where sentAt != nil:
                event = Self.answer(previous: expiry, expiry: expiry + 1)
                expiry += 1
                good = true
            default:
                event = .timer
            }
            let action = machine.handle(event, at: Self.at(now))
            if good, let sent = sentAt { lastGood = sent }
            if event != .timer { sentAt = nil }
            if action.renewWithin != nil {
                #expect(sentAt == nil, "two renewals in flight")
                sentAt = now
            }
            for later in [0.0, 1, 7, 13, 14, 20] where machine.mayStartEffect(at: Self.at(now + later)) {
                #expect(now + later < lastGood + 14.000_001)
            }
            if case .holding(let until) = machine.state {
                #expect(until <= Self.at(lastGood + 14.000_001))
                #expect(action.wakeAt != nil || event != .timer, "somebody must notice the deadline")
            }
        }
    }
}

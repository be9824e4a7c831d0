// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Durable

@Suite struct RetryStateTests {
    private struct Refused: Error {}
    private struct Flaky: Error {}

    /// The delays in seconds until the state gives up, at most `limit` of them.
    private func delays(_ policy: RetryPolicy, random: UInt64 = 0, limit: Int = 20) throws -> [Double] {
        var state = try RetryState(policy)
        var delays: [Double] = []
        while delays.count < limit,
            case .retry(let delay) = state.attemptFailed(Flaky(), elapsed: .zero, random: random)
        {
            delays.append(delay.inSeconds)
        }
        return delays
    }

    @Test func `the policies wait as their names say`() throws {
        #expect(try self.delays(.never) == [])
        #expect(try self.delays(.constant(attempts: 4, delay: .milliseconds(100))) == [0.1, 0.1, 0.1])
        #expect(try self.delays(.linear(attempts: 5, cap: .seconds(3))) == [1, 2, 3, 3])
        #expect(try self.delays(.immediately(attempts: 3)) == [0, 0])
        #expect(
            try self.delays(.exponential(attempts: 9, cap: .seconds(60), jitter: .none)) == [
                1, 2, 4, 8, 16, 32, 60, 60,
            ]
        )
        #expect(try self.delays(.default, random: .max).map { $0.rounded() } == [1, 2])
        #expect(try self.delays(.default, random: 0) == [0, 0])
    }

    @Test func `jitter stays within its bounds and follows its random bits`() throws {
        var random = SplitMix64(state: 3)
        for _ in 0..<1000 {
            let bits = random.next()
            let full = RetryPolicy(attempts: 9, first: .seconds(8), factor: 1)
            let delay = full.delay(after: 1, random: bits)
            #expect(delay >= .zero && delay <= .seconds(8))
            #expect(delay == full.delay(after: 1, random: bits))
            let near = RetryPolicy(attempts: 9, first: .seconds(8), factor: 1, jitter: .proportional(0.25))
            #expect((Duration.seconds(6)...Duration.seconds(10)).contains(near.delay(after: 1, random: bits)))
        }
        let capped = RetryPolicy(first: .seconds(60), cap: .seconds(60), jitter: .proportional(1))
        #expect(capped.delay(after: 1, random: .max) == .seconds(60))
    }

    @Test func `huge attempts and durations neither trap nor exceed the cap`() throws {
        let policy = RetryPolicy(
            attempts: .max,
            first: .longest,
            factor: .greatestFiniteMagnitude,
            increment: .longest,
            cap: .longest,
            jitter: .none
        )
        for attempt in [1, 2, 3, 1_000_000, Int.max] { #expect(policy.delay(after: attempt, random: .max) == .longest) }
        var state = try RetryState(policy, failed: .max)
        #expect(state.attemptFailed(Flaky(), elapsed: .zero, random: 0) == .giveUp)
        let slow = RetryPolicy(attempts: .max, first: .nanoseconds(1), factor: 1.000_000_1, jitter: .none)
        #expect(slow.delay(after: .max, random: 0) == .seconds(60))
        #expect(RetryPolicy(first: .zero, factor: 1e308, jitter: .none).delay(after: .max, random: 0) == .zero)
    }

    @Test func `attempts that were recorded before a crash count`() throws {
        var state = try RetryState(.immediately(attempts: 5), failed: 3)
        #expect(state.attempt == 4)
        #expect(state.attemptFailed(Flaky(), elapsed: .zero, random: 0) == .retry(after: .zero))
        #expect(state.attempt == 5)
        #expect(state.attemptFailed(Flaky(), elapsed: .zero, random: 0) == .giveUp)
    }

    @Test func `no attempt begins after the total time`() throws {
        var policy = RetryPolicy.constant(attempts: 100, delay: .seconds(10))
        policy.total = .seconds(60)
        var state = try RetryState(policy)
        #expect(state.attemptFailed(Flaky(), elapsed: .seconds(50), random: 0) == .retry(after: .seconds(10)))
        #expect(state.attemptFailed(Flaky(), elapsed: .seconds(51), random: 0) == .giveUp)
        #expect(state.attemptFailed(Flaky(), elapsed: .seconds(Int64.max), random: 0) == .giveUp)
        #expect(state.attemptFailed(Flaky(), elapsed: .seconds(-1), random: 0) == .retry(after: .seconds(10)))
    }

    @Test func `what is used up pauses where the policy says so, and what is not to be retried fails nevertheless`()
        throws
    {
        var policy = RetryPolicy.constant(attempts: 2, delay: .seconds(10)).pausingWhenExhausted()
        var state = try RetryState(policy)
        #expect(state.attemptFailed(Flaky(), elapsed: .zero, random: 0) == .retry(after: .seconds(10)))
        #expect(state.attemptFailed(Flaky(), elapsed: .zero, random: 0) == .pause)
        #expect(state.attemptFailed(Flaky(), elapsed: .zero, random: 0) == .pause, "after a person has resumed it")
        #expect(state.attemptFailed(NonRetryable(Flaky()), elapsed: .zero, random: 0) == .giveUp)
        policy.total = .seconds(60)
        state = try RetryState(policy)
        #expect(state.attemptFailed(Flaky(), elapsed: .seconds(61), random: 0) == .pause)
        policy.decide = { _, _ in .stop }
        state = try RetryState(policy)
        #expect(state.attemptFailed(Flaky(), elapsed: .zero, random: 0) == .giveUp)
        #expect(RetryPolicy.default.exhaustion == .fail)
    }

    @Test func `an error says when to try again, within attempts and total time`() throws {
        var policy = RetryPolicy.constant(attempts: 3, delay: .seconds(1))
        policy.total = .seconds(600)
        var state = try RetryState(policy)
        let later = RetryAfter(.seconds(300), Flaky())
        #expect(state.attemptFailed(later, elapsed: .zero, random: 9) == .retry(after: .seconds(300)))
        #expect(state.attemptFailed(later, elapsed: .seconds(301), random: 9) == .giveUp)
        var other = try RetryState(.immediately(attempts: 9))
        #expect(
            other.attemptFailed(RetryAfter(.seconds(-5), Flaky()), elapsed: .zero, random: 0) == .retry(after: .zero)
        )
        let ages = RetryAfter(.seconds(Int64.max), Flaky())
        #expect(other.attemptFailed(ages, elapsed: .zero, random: 0) == .retry(after: .longest))
        #expect(other.attemptFailed(NonRetryable(later), elapsed: .zero, random: 0) == .giveUp)
    }

    @Test func `the decision comes before the policy's delay and not before its limits`() throws {
        var policy = RetryPolicy.constant(attempts: 4, delay: .seconds(1))
        policy.decide = { error, attempt in
            error is Refused ? .stop : attempt == 2 ? .retry(after: .seconds(7)) : .byPolicy
        }
        #expect(try self.delays(policy) == [1, 7, 1])
        var state = try RetryState(policy)
        #expect(state.attemptFailed(Refused(), elapsed: .zero, random: 0) == .giveUp)
    }

    @Test(arguments: [
        (RetryPolicy(attempts: 0), "A retry policy needs at least one attempt; it has 0."),
        (RetryPolicy(first: .seconds(-1)), "A retry policy has a negative first delay (-1.0 seconds)."),
        (RetryPolicy(factor: .nan), "A retry policy needs a finite factor; it is nan."),
        (RetryPolicy(factor: .infinity), "A retry policy needs a finite factor; it is inf."),
        (RetryPolicy(factor: 0.5), "A retry policy needs a factor of at least 1; it is 0.5."),
        (RetryPolicy(increment: .seconds(-1)), "A retry policy has a negative increment (-1.0 seconds)."),
        (RetryPolicy(cap: .seconds(-1)), "A retry policy has a negative cap (-1.0 seconds)."),
        (RetryPolicy(total: .seconds(-1)), "A retry policy has a negative total time (-1.0 seconds)."),
        (
            RetryPolicy(cap: .seconds(4_000_000_000)),
            "A retry policy has a cap of more than 100 years (4000000000.0 seconds)."
        ),
        (RetryPolicy(jitter: .proportional(1.5)), "A retry policy needs a jitter between 0 and 1; it is 1.5."),
        (RetryPolicy(jitter: .proportional(.nan)), "A retry policy needs a jitter between 0 and 1; it is nan."),
    ])
    func `a policy that makes no sense is refused in words`(policy: RetryPolicy, words: String) {
        let error = #expect(throws: DurableError.self) { try RetryState(policy) }
        #expect(error?.code == .invalidConfiguration)
        #expect(error?.message == words)
    }

    @Test func `short waits are held and long ones are parked`() {
        let wait = WaitDecision(hold: .seconds(30))
        #expect(wait.action(until: 30_000_000, now: 0) == .hold(for: .seconds(30)))
        #expect(wait.action(until: 30_000_001, now: 0) == .park(until: 30_000_001))
        #expect(wait.action(until: 5, now: 10) == .hold(for: .zero))
        #expect(wait.action(until: .max, now: .min) == .park(until: .max))
    }
}

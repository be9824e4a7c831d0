// SPDX-License-Identifier: Apache-2.0

/// Decides when to renew a lease, until when effects may start, and when an identity is over.
///
/// No I/O: events and times in, one action out.
///
/// ```
/// holding ──(deadline passes)──> lapsed ──(a renewal succeeds)──> holding
///    └──────(not ours, another server, stop)──> over <─────────────┘
/// ```
///
/// The deadline counts from the *sending* of the last renewal that succeeded: the database cannot have begun its own
/// count earlier, so this process stops no later than the database lets another one begin.
package struct LeaseMachine: Sendable {
    package typealias Instant = ContinuousClock.Instant

    /// Where the lease stands.
    package enum State: Hashable, Sendable {
        /// Effects may start until this instant.
        case holding(until: Instant)
        /// The deadline passed without a renewal. Nobody need have noticed: the next renewal may still succeed.
        case lapsed
        /// The identity is dead for ever.
        case over(LeaseEnding)
    }

    /// What happened.
    package enum Event: Hashable, Sendable {
        /// The time that an earlier action named in `wakeAt` has come (or may have: an early or extra one does no harm).
        case timer
        /// The renewal in flight was answered.
        case answered(RenewalReply)
        /// The renewal in flight failed, or its deadline passed. Whether the server has applied it is unknown.
        case failed
        /// The identity is over for a reason that did not come with a renewal: a fence refused it, or this process stops.
        case end(LeaseEnding)
    }

    /// What the owner of the machine must tell others.
    package enum Change: Hashable, Sendable {
        /// No effect may start until further notice; running steps should be cancelled.
        case lapsed
        /// Effects may start again.
        case restored
        /// All runs of this identity must be dropped.
        case ended(LeaseEnding)
    }

    /// What to do next.
    package struct Action: Hashable, Sendable {
        /// Send a renewal now, and report `.answered` or `.failed` within this time.
        package var renewWithin: Duration?
        /// Report `.timer` at this instant; replaces every earlier timer.
        ///
        /// Nil: no timer is wanted.
        package var wakeAt: Instant?
        /// Until when effects may start, if that changed.
        package var holdUntil: Instant?
        /// What to tell others.
        package var change: Change?
    }

    /// Where the lease stands, as of the last event.
    package private(set) var state: State
    /// Renewals that failed since the last one that succeeded.
    package private(set) var failures = 0

    private let options: LeaseOptions
    private let server: Int64
    private var lastExpiry: Int64
    private var nextRenewal: Instant
    /// When the renewal in flight was sent; at most one is.
    private var sentAt: Instant?

    /// Begins with a registration that was sent at `sentAt`, and wrote `expiry` on a server that started at `server`.
    package init(options: LeaseOptions, server: Int64, expiry: Int64, sentAt: Instant) {
        self.options = options
        self.server = server
        self.lastExpiry = expiry
        self.nextRenewal = sentAt + options.renewEvery
        self.state = .holding(until: sentAt + options.usable)
    }

    /// Whether an effect may start at `now`.
    ///
    /// True only under a lease that no other process can believe to be over.
    package func mayStartEffect(at now: Instant) -> Bool {
        switch self.state {
        case .holding(let until): now < until
        case .lapsed, .over: false
        }
    }

    /// Takes in an event that happened at `now`, and says what to do.
    package mutating func handle(_ event: Event, at now: Instant) -> Action {
        if case .over = self.state { return Action() }
        switch event {
        case .timer: return self.timer(at: now)
        case .answered(let reply): return self.answered(reply, at: now)
        case .failed: return self.failed(at: now)
        case .end(let ending): return self.end(ending)
        }
    }

    private mutating func timer(at now: Instant) -> Action {
        var action = Action(change: self.lapse(at: now))
        if self.sentAt == nil, now >= self.nextRenewal {
            self.sentAt = now
            action.renewWithin = self.options.requestDeadline
        }
        action.wakeAt = self.wakeAt
        return action
    }

    private mutating func answered(_ reply: RenewalReply, at now: Instant) -> Action {
        guard let sentAt else { return Action(wakeAt: self.wakeAt) }
        self.sentAt = nil
        guard reply.server == self.server else { return self.end(.incarnationChanged) }
        guard reply.held, let expiry = reply.expiry, let previous = reply.previousExpiry else {
            return self.end(.fenced)
        }
        // Less than what we know to be written: this is an older copy of the database under the same start time.
        guard previous >= self.lastExpiry else { return self.end(.incarnationChanged) }
        self.lastExpiry = expiry
        self.failures = 0
        self.nextRenewal = sentAt + self.options.renewEvery
        let until = sentAt + self.options.usable
        let hadLapsed = self.state == .lapsed
        self.state = .holding(until: until)
        var action = Action(holdUntil: until, change: self.lapse(at: now))
        switch (hadLapsed, action.change) {
        case (true, .lapsed?): action.change = nil  // so slow an answer that it was no use: still lapsed, already told
        case (true, nil): action.change = .restored
        case (false, _), (true, _): break
        }
        action.wakeAt = self.wakeAt
        return action
    }

    private mutating func failed(at now: Instant) -> Action {
        guard self.sentAt != nil else { return Action(wakeAt: self.wakeAt) }
        self.sentAt = nil
        self.failures += 1
        let doublings = min(self.failures - 1, 16)
        let delay = min(self.options.retryEvery * (1 << doublings), self.options.requestDeadline)
        self.nextRenewal = now + delay
        let change = self.lapse(at: now)
        return Action(wakeAt: self.wakeAt, change: change)
    }

    private mutating func end(_ ending: LeaseEnding) -> Action {
        self.sentAt = nil
        self.state = .over(ending)
        return Action(change: .ended(ending))
    }

    /// Goes from holding to lapsed if the deadline has passed.
    private mutating func lapse(at now: Instant) -> Change? {
        guard case .holding(let until) = self.state, now >= until else { return nil }
        self.state = .lapsed
        return .lapsed
    }

    private var wakeAt: Instant? {
        let renewal = self.sentAt == nil ? self.nextRenewal : nil
        guard case .holding(let until) = self.state else { return renewal }
        return min(until, renewal ?? until)
    }
}

// SPDX-License-Identifier: Apache-2.0

import DequeModule

/// Who gets which connection, and when a new one is opened or an old one closed.
///
/// Pure: events come in with the time (nanoseconds of the monotonic clock) and with chance (0 to 1), and actions go out. Connections and
/// waiters are numbers here.
struct PoolMachine {
    /// What the shell has to do.
    enum Action: Equatable {
        /// Give the connection to the waiter.
        case lease(connection: Int, waiter: Int)
        /// Open a connection, and report.
        case connect
        /// Close the connection.
        case close(connection: Int)
        /// Tell the waiter that there will be none.
        case fail(waiter: Int, Failure)
        /// Call `retry` at that time.
        case retry(at: Int64)
        /// Call `trim` at that time.
        case trim(at: Int64)
    }

    /// Why a waiter goes away with nothing.
    enum Failure: Equatable {
        case timeout(waited: Int64, leased: Int, maximum: Int, waiting: Int)
        case shutdown
        /// Connecting failed for a reason that time will not change.
        case refused
        case cancelled
    }

    private struct Waiter {
        let id: Int
        let since: Int64
    }

    private struct Idle {
        let connection: Int
        let since: Int64
    }

    private let options: PostgresPoolOptions
    private let maximum: Int
    /// The most recently used one is last, and is used first: so the others can grow old.
    private var idle: [Idle] = []
    private var leased: Set<Int> = []
    private var waiters: Deque<Waiter> = []
    /// Attempts to connect that are under way.
    private var connecting = 0
    private var failures = 0
    /// No new attempt before a `retry`.
    private var isBackingOff = false
    private var isTrimming = false
    private(set) var isShutdown = false

    init(_ options: PostgresPoolOptions) {
        self.options = options
        self.maximum = max(1, options.maximum)
    }

    /// How many connections are handed out.
    var leasedCount: Int { self.leased.count }
    /// How many connections lie ready.
    var idleCount: Int { self.idle.count }
    /// How many callers wait.
    var waitingCount: Int { self.waiters.count }

    private var total: Int { self.idle.count + self.leased.count + self.connecting }

    // MARK: Callers

    /// A caller wants a connection; `isUsable` looks whether an idle one is still alive.
    mutating func acquire(_ waiter: Int, now: Int64, isUsable: (Int) -> Bool) -> [Action] {
        guard !self.isShutdown else { return [.fail(waiter: waiter, .shutdown)] }
        var actions: [Action] = []
        // Those who came before are served first.
        while self.waiters.isEmpty, let candidate = self.idle.popLast() {
            if isUsable(candidate.connection) {
                self.leased.insert(candidate.connection)
                return actions + [.lease(connection: candidate.connection, waiter: waiter)]
            }
            actions.append(.close(connection: candidate.connection))
        }
        self.waiters.append(Waiter(id: waiter, since: now))
        return actions + self.open()
    }

    /// A caller's time is over.
    mutating func timedOut(_ waiter: Int, now: Int64) -> [Action] {
        guard let index = self.waiters.firstIndex(where: { $0.id == waiter }) else { return [] }
        let gone = self.waiters.remove(at: index)
        let failure = Failure.timeout(
            waited: now - gone.since,
            leased: self.leased.count,
            maximum: self.maximum,
            waiting: self.waiters.count
        )
        return [.fail(waiter: waiter, failure)]
    }

    /// A caller's task was cancelled.
    mutating func cancelled(_ waiter: Int) -> [Action] {
        guard let index = self.waiters.firstIndex(where: { $0.id == waiter }) else { return [] }
        self.waiters.remove(at: index)
        return [.fail(waiter: waiter, .cancelled)]
    }

    /// A caller has finished; a connection that is broken or in the middle of something is not used again.
    mutating func released(_ connection: Int, isUsable: Bool, now: Int64) -> [Action] {
        guard self.leased.remove(connection) != nil else { return [] }
        guard isUsable, !self.isShutdown else { return [.close(connection: connection)] + self.open() }
        return self.offer(connection, now: now)
    }

    // MARK: Connections

    mutating func connected(_ connection: Int, now: Int64) -> [Action] {
        self.connecting -= 1
        self.failures = 0
        guard !self.isShutdown else { return [.close(connection: connection)] }
        return self.offer(connection, now: now) + self.open()
    }

    /// An attempt has failed.
    ///
    /// `isFinal`: for a reason that time will not change, such as a wrong password.
    mutating func connectFailed(isFinal: Bool, now: Int64, chance: Double) -> [Action] {
        self.connecting -= 1
        guard !self.isShutdown else { return [] }
        self.failures += 1
        var actions: [Action] = []
        if isFinal, self.leased.isEmpty, self.idle.isEmpty {
            actions = self.waiters.map { .fail(waiter: $0.id, .refused) }
            self.waiters = []
        }
        guard !self.isBackingOff else { return actions }
        self.isBackingOff = true
        return actions + [.retry(at: now + self.pause(chance))]
    }

    /// Between half and the whole of the pause, so that many pools do not knock at once.
    private func pause(_ chance: Double) -> Int64 {
        let doublings = min(self.failures - 1, 30)
        let longest = Double(self.options.maximumBackOff.nanoseconds)
        let pause = min(Double(self.options.backOff.nanoseconds) * Double(1 << doublings), longest)
        return Int64(pause * (0.5 + 0.5 * chance))
    }

    /// The pause is over.
    mutating func retry() -> [Action] {
        self.isBackingOff = false
        return self.open()
    }

    /// Opens what the minimum asks for.
    mutating func start() -> [Action] { self.open() }

    /// Closes what has lain idle too long.
    mutating func trim(now: Int64) -> [Action] {
        self.isTrimming = false
        guard !self.isShutdown else { return [] }
        var actions: [Action] = []
        let limit = self.options.idleTimeout.nanoseconds
        while self.total > self.options.minimum, let oldest = self.idle.first, now - oldest.since >= limit {
            self.idle.removeFirst()
            actions.append(.close(connection: oldest.connection))
        }
        return actions + self.scheduleTrim()
    }

    mutating func shutdown() -> [Action] {
        guard !self.isShutdown else { return [] }
        self.isShutdown = true
        let actions: [Action] =
            self.waiters.map { .fail(waiter: $0.id, .shutdown) } + self.idle.map { .close(connection: $0.connection) }
        self.waiters = []
        self.idle = []
        return actions
    }

    // MARK: Parts

    private mutating func offer(_ connection: Int, now: Int64) -> [Action] {
        if let next = self.waiters.popFirst() {
            self.leased.insert(connection)
            return [.lease(connection: connection, waiter: next.id)]
        }
        self.idle.append(Idle(connection: connection, since: now))
        return self.scheduleTrim()
    }

    private mutating func scheduleTrim() -> [Action] {
        guard !self.isTrimming, self.total > self.options.minimum, let oldest = self.idle.first else { return [] }
        self.isTrimming = true
        let (due, overflow) = oldest.since.addingReportingOverflow(self.options.idleTimeout.nanoseconds)
        return [.trim(at: overflow ? .max : due)]
    }

    /// Starts as many attempts as callers wait for, within the bounds; after a failure one at a time.
    private mutating func open() -> [Action] {
        guard !self.isShutdown, !self.isBackingOff else { return [] }
        let missing = max(self.waiters.count - self.connecting, self.options.minimum - self.total)
        let allowed = self.failures > 0 ? 1 - self.connecting : self.maximum - self.total
        let count = max(0, min(missing, allowed, self.maximum - self.total))
        self.connecting += count
        return Array(repeating: .connect, count: count)
    }
}
